using System.Text;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A password that occurs nowhere else in the world, in every form in which it could come to light.</summary>
internal sealed class Canary
{
    private readonly List<(string Form, byte[] Octets)> _forms = [];

    public Canary()
    {
        Password = $"canary-{Guid.NewGuid():N}";
        byte[] octets = Encoding.UTF8.GetBytes(Password);
        Add("UTF-8", octets);
        Add("UTF-16", Encoding.Unicode.GetBytes(Password));
        Add("hexadecimal", Convert.ToHexString(octets));
        Add("hexadecimal in lower case", Convert.ToHexStringLower(octets));
        // Base64 of it in the middle of something else, such as AUTH PLAIN's response, depends on what comes before. Of each of the three
        // alignments, only the digits that depend on nothing but the password are looked for.
        for (int before = 0; before < 3; before++)
        {
            string digits = Convert.ToBase64String([.. new byte[before], .. octets]);
            int first = (before * 8 + 5) / 6;
            int last = (before + octets.Length) * 8 / 6;
            Add($"base64 behind {before} octets", digits[first..last]);
        }
    }

    public string Password { get; }

    /// <summary>In which forms it occurs.</summary>
    public IEnumerable<string> FormsIn(byte[] octets) => _forms.Where(form => octets.AsSpan().IndexOf(form.Octets) >= 0).Select(form => form.Form);

    private void Add(string form, string text) => Add(form, Encoding.ASCII.GetBytes(text));

    private void Add(string form, byte[] octets) => _forms.Add((form, octets));
}

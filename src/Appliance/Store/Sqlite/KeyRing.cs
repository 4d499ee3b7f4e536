using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The keys that passwords are encrypted under: one XML file each, readable by their owner only (0600 in a folder of 0700). The
/// framework's own repository does not flush what it writes, and a password whose key was lost with the power is lost as well.
/// </summary>
internal sealed class KeyRing(string folder) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal).Select(file => XElement.Load(file))];

    public void StoreElement(XElement element, string friendlyName)
    {
        string path = Path.Combine(folder, $"{friendlyName}.xml");
        string temporary = $"{path}.tmp";
        using (FileStream stream = DataFolder.CreateFile(temporary, FileMode.Create, FileShare.None))
        {
            element.Save(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        DataFolder.Flush(folder);
    }
}

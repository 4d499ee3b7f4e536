using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The keys that passwords are encrypted under: one XML file each, readable by their owner only (0600 in a folder of 0700). The
/// framework's own repository does not flush what it writes, and a password whose key was lost with the power is lost as well.
/// </summary>
internal sealed class KeyRing(string folder) : IXmlRepository
{
    /// <summary>How long a key is used for new passwords; it decrypts for longer.</summary>
    public static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(90);

    /// <summary>What encrypts under these keys, and what makes new ones.</summary>
    /// <param name="protection">What new keys are themselves encrypted with.</param>
    /// <exception cref="DataFolderException">The certificate or the master key cannot be used.</exception>
    public (IDataProtectionProvider Provider, IKeyManager Manager) Open(KeyProtection? protection)
    {
        ServiceCollection services = new();
        IDataProtectionBuilder builder = services.AddDataProtection().SetApplicationName("EmailSync")
            .AddKeyManagementOptions(options => (options.XmlRepository, options.NewKeyLifetime) = (this, KeyLifetime));
        if (protection?.CertificateFile is { } certificateFile)
        {
            X509Certificate2 certificate = KeyFiles.ReadCertificate(certificateFile);
            builder.ProtectKeysWithCertificate(certificate).UnprotectKeysWithAnyCertificate(certificate);
        }
        else if (protection?.MasterKeyFile is { } masterKeyFile)
        {
            MasterKey key = KeyFiles.ReadMasterKey(masterKeyFile);
            services.AddSingleton(key);
            builder.AddKeyManagementOptions(options => options.XmlEncryptor = new MasterKeyEncryptor(key));
        }

        ServiceProvider provider = services.BuildServiceProvider();
        return (provider.GetRequiredService<IDataProtectionProvider>(), provider.GetRequiredService<IKeyManager>());
    }

    public IReadOnlyCollection<XElement> GetAllElements() => [.. Files().Select(file => XElement.Load(file))];

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

    /// <summary>Deletes every key but these. Returns how many were deleted.</summary>
    public int DeleteAllBut(IReadOnlySet<Guid> needed)
    {
        int deleted = 0;
        foreach (string file in Files())
        {
            if (XElement.Load(file) is not { Name.LocalName: "key" } element || !Guid.TryParse((string?)element.Attribute("id"), out Guid id) || needed.Contains(id))
                continue;
            File.Delete(file);
            deleted++;
        }

        DataFolder.Flush(folder);
        return deleted;
    }

    /// <summary>The keys' files.</summary>
    public IEnumerable<string> Files() => Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal);
}

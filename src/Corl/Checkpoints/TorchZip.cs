namespace Corl.Checkpoints;

/// <summary>
/// A PyTorch checkpoint since 1.6: a ZIP archive with one folder of any name, in it "data.pkl", which describes the tensors, and
/// "data/KEY" for every storage.
/// </summary>
internal static class TorchZip
{
    private const string PickleName = "/data.pkl";

    /// <summary>Reads and checks what the archive declares; InvalidDataException with the reason otherwise.</summary>
    public static FileContent Read(MappedFile file, bool unwrap)
    {
        var entries = ZipDirectory.Read(file);
        var folder = Folder(entries.Keys);
        if (entries.ContainsKey(folder + "/constants.pkl"))
        {
            throw new InvalidDataException("a TorchScript program, not weights; save the model's state_dict instead");
        }

        if (entries.TryGetValue(folder + "/byteorder", out var order) && !(order.Length == 6 && file.Bytes(order.Offset, 6).SequenceEqual("little"u8)))
        {
            throw new InvalidDataException("its numbers are not little-endian; save it again on a little-endian machine");
        }

        var pickle = entries[folder + PickleName];
        if (pickle.Length > PickleMachine.MaxBytes)
        {
            throw new InvalidDataException($"data.pkl has {pickle.Length} bytes, more than the {PickleMachine.MaxBytes} that weights need");
        }

        var value = PickleMachine.Run(file.Bytes(pickle.Offset, (int)pickle.Length), new PickleObjects(), out var length);
        if (length != pickle.Length)
        {
            throw new InvalidDataException($"{pickle.Length - length} bytes follow the pickle in data.pkl");
        }

        var storages = new Dictionary<string, Storage>();
        return TorchWeights.Find(value, file, declared => Resolve(file, entries, folder, declared, storages), unwrap);
    }

    private static string Folder(IEnumerable<string> names)
    {
        var folders = names.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal) && name.IndexOf('/') == name.LastIndexOf('/'))
            .Select(name => name[..^PickleName.Length]).ToArray();
        return folders.Length switch
        {
            1 => folders[0],
            0 => throw new InvalidDataException("a ZIP archive without FOLDER/data.pkl: not a PyTorch checkpoint"),
            _ => throw new InvalidDataException($"{folders.Length} checkpoints in one archive: {Quoted.Name(folders[0])}, {Quoted.Name(folders[1])}"),
        };
    }

    private static Storage Resolve(MappedFile file, Dictionary<string, ZipEntry> entries, string folder, PickleStorage declared, Dictionary<string, Storage> storages)
    {
        if (storages.TryGetValue(declared.Key, out var known))
        {
            return known;
        }

        if (!entries.TryGetValue($"{folder}/data/{declared.Key}", out var entry))
        {
            throw new InvalidDataException($"its storage {Quoted.Name(declared.Key)} is not in the archive; the file is damaged, download it again");
        }

        var bytes = declared.Count * Dtypes.Size(declared.Class.Dtype);
        if (entry.Length != bytes)
        {
            throw new InvalidDataException($"its storage {Quoted.Name(declared.Key)} has {entry.Length} bytes instead of {bytes}");
        }

        return storages[declared.Key] = new Storage(file, declared.Class.Dtype, entry.Offset, declared.Count);
    }
}

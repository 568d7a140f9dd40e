using System.Text;

namespace Corl;

/// <summary>
/// Files that are either whole or not there. The content goes to a sibling named "….tmp", is flushed to the disk and then takes the
/// final name in one step, so that whoever opens the file, at any instant and after any crash, finds the old content or the new.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes a file; the folder is created when missing.</summary>
    /// <param name="path">The final name. A file of that name is replaced.</param>
    /// <param name="write">Writes the content; when it throws, nothing is replaced and nothing is left behind.</param>
    /// <exception cref="UserException">The disk is full, or the place cannot be written to.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var final = Path.GetFullPath(path);
        var temporary = final + ".tmp"; // one fixed name: what a killed process left behind is overwritten by the next attempt
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(final)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, final, overwrite: true);
        }
        catch (Exception error)
        {
            Discard(temporary);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw new UserException($"{Quoted.Line(path)}: could not be written ({Quoted.Line(error.Message)}); an older file of that name is unchanged; free some space or choose another place", error);
            }

            throw;
        }
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    // Ours: large enough that a checkpoint is written in few system calls.
    private const int BufferBytes = 1 << 16;

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the next attempt overwrites this file.
        }
    }
}

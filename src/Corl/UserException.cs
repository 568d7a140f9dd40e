namespace Corl;

/// <summary>
/// A mistake the user can mend: bad input, a wrong path, an impossible setting. Its message is one line that says what was expected,
/// what came, where (file, key, shape, row) and what to do. The command prints it and exits with code 2.
/// </summary>
public sealed class UserException : Exception
{
    /// <summary>Creates the error from its one-line message.</summary>
    public UserException(string message) : base(message)
    {
    }

    /// <summary>Creates the error from its one-line message and what was caught.</summary>
    public UserException(string message, Exception inner) : base(message, inner)
    {
    }
}

"""Where a project came from: updates of its thin shell and of the library, and the way to own the library."""

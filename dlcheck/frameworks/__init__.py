"""One file a framework: which distributions carry it, what its files say of the build, which script looks at it."""

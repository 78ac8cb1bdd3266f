"""What runs inside a child process. Imported before anything heavy: builtin modules only."""

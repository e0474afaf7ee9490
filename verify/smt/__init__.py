"""The complete engine for small problems: Z3 on exact rationals, in a child process."""

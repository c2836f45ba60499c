"""What fab says about its own work, on the standard error: the standard output is for answers."""

import sys


def tell(*words, **options):
    """Print like print(), at once and on the standard error."""
    print(*words, file=sys.stderr, flush=True, **options)


def ask(question):
    """Return what is typed at a question, a str; it is on the standard error too."""
    tell(question, end=" ")
    return input().strip()


def writer(file):
    """Return a function that writes bytes to a text file, such as sys.stdout, at once."""

    def write(line):
        file.flush()
        file.buffer.write(line)
        file.buffer.flush()

    return write


def plain(line):
    """Return a line without what would move the cursor or colour the terminal."""
    return "".join(letter for letter in line if letter.isprintable() or letter == "\t")

"""Finds pickles by content: compressed, archived, whatever they are called. Nothing is loaded."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import warnings
import zipfile
import zlib
from contextlib import suppress

LIMIT = 1 << 20  # bytes looked at after decompression: a pickle shows itself in its first ones
CALLS = {"GLOBAL", "INST", "STACK_GLOBAL", "REDUCE", "OBJ", "NEWOBJ", "BUILD"}
CERTAIN = 4  # opcodes that follow a protocol header and still make sense; random bytes do not get there
DECOMPRESSORS = {
    b"\x78": zlib.decompressobj,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
    b"\x5d\x00\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
}


def opcodes(data):
    """Return the names of the opcodes up to the first nonsense, and whether a STOP was reached."""
    names = []
    with suppress(Exception), warnings.catch_warnings():  # whatever the parser dislikes ends the parse
        warnings.simplefilter("ignore")
        for opcode, _, _ in pickletools.genops(data):
            names.append(opcode.name)
            if opcode.name == "STOP":
                return names, True
    return names, False


def is_pickle(data):
    """Protocols 2 to 5 have a header, and joblib's arrays interrupt the opcodes; 0 and 1 must parse whole."""
    names, whole = opcodes(data)
    if data[:1] == b"\x80":
        return whole or len(names) > CERTAIN
    return whole and bool(CALLS & set(names))


def holds_pickle(data):
    """True for a pickle, bare, compressed, inside a zip archive, or as an array of objects."""
    if is_pickle(data[:LIMIT]) or (data[:6] == b"\x93NUMPY" and b"|O" in data[:256]):
        return True
    if data[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(holds_pickle(archive.read(name)) for name in archive.namelist())
    for magic, decompressor in DECOMPRESSORS.items():
        if data.startswith(magic):
            with suppress(zlib.error, OSError, lzma.LZMAError, EOFError):
                return holds_pickle(decompressor().decompress(data, LIMIT))
    return False


def pickles_in(paths):
    return [str(path) for path in paths if path.is_file() and holds_pickle(path.read_bytes())]

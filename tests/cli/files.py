"""The files that the cases of tests/cli are about: made anew, with nothing but struct."""

import os
import socket
import struct

EXIT = b"\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05"  # mov eax, 60; xor edi, edi; syscall
BASE = 0x400000
PT_LOAD, PT_INTERP, PT_GNU_STACK = 1, 3, 0x6474E551


def header(kind, offset, size, access, align):
    return struct.pack("<IIQQQQQQ", kind, access, offset, BASE + offset, BASE + offset, size, size, align)


def small_elf(interpreter=b"", machine=62, code=EXIT, stack=6):
    """A program of one segment; the interpreter, where there is one, stands behind the headers."""
    count = 3 if interpreter else 2
    text = interpreter + b"\0" if interpreter else b""
    start = 64 + 56 * count
    entry = start + len(text)
    end = entry + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, BASE + entry, 64, 0, 0, 64, 56, count, 0, 0, 0)
    rows = header(PT_LOAD, 0, end, 5, 0x10000) + struct.pack("<IIQQQQQQ", PT_GNU_STACK, stack, 0, 0, 0, 0, 0, 16)
    if interpreter:
        rows = header(PT_INTERP, start, len(text), 4, 1) + rows
    return head + rows + text + code


def write(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def make(folder):
    """Everything that a case may name, in `folder`."""
    os.makedirs(folder)
    os.chdir(folder)
    good, bad = small_elf(), small_elf(b"/lib64/ld-linux-x86-64.so.2")
    write("good", good)
    write("bad", bad)
    write("good-linux-amd64", good)
    write("good-linux-arm64", good)
    write("stack", small_elf(stack=7))
    write("cut", good[:70])
    write("text", b"hello\n")
    write("script", b"#!/bin/sh\nexit 0\n")
    write("empty", b"")
    write("notes/README", b"no program here\n")
    write("notes/deep/empty", b"")
    write("tree/good", good)
    write("tree/bin/bad", bad)
    write("tree/README", b"text\n")
    write("goods/one", good)
    write("goods/two", good)
    write(b"names/\x1b[31mred\n::error::owned", good)
    write(b"names/\xff\xe2\x80\xae", bad)
    write("names/##[error]", bad)
    write("-dash", good)
    write("with space", good)
    write("lines", b"good\n\nbad\n")
    write("nuls", b"good\0with space\0")
    write("missing-list", b"good\nnot-there\n")
    write("none", b"")
    os.mkdir("hollow")
    os.mkfifo("fifo")
    os.symlink("good", "link")
    os.symlink("nowhere", "dangling")
    os.symlink("../goods", "notes/link")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")

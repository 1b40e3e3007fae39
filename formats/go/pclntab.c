typedef int unused_stub;

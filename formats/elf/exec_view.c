/* stub */
typedef int unused_stub;

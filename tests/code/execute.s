// A program without a libc that runs A64 words one after another and writes one byte for each to standard output: the
// signal that it raised, 0 for none. execute.py lays the words out, four to an entry (before, the word, after, a branch
// to `after` here), and makes an ELF file of this code and of the memory that is named below.
        .equ    ENTRIES, 0x08000000     // executable
        .equ    STATE, 0x10000000       // how many entries; how many of them have been run
        .equ    RESULTS, 0x11000000
        .equ    SIGNAL_STACK, 0x12000000
        .equ    POINTED_AT, 0x13100000  // the midst of two megabytes that every register points at

        .text
_start: b       start
after:  mov     w0, #0                  // the offset of this one, 4, is known to execute.py
        b       record
handler:                                // w0: the signal; it is never returned from
record: mov     x1, #STATE
        ldr     x2, [x1, #8]
        mov     x3, #RESULTS
        strb    w0, [x3, x2]
        add     x2, x2, #1
        str     x2, [x1, #8]
        b       next

start:  mov     x0, #SIGNAL_STACK
        mov     x1, #0x10000
        sub     sp, sp, #64
        stp     x0, xzr, [sp]           // stack_t: where, flags, size
        str     x1, [sp, #16]
        mov     x0, sp
        mov     x1, #0
        mov     x8, #132                // sigaltstack
        svc     #0
        adr     x0, handler
        mov     x1, #0x48000000         // SA_ONSTACK, SA_NODEFER
        stp     x0, x1, [sp]
        stp     xzr, xzr, [sp, #16]
        adr     x19, signals
1:      ldrb    w0, [x19], #1
        cbz     w0, next
        mov     x1, sp
        mov     x2, #0
        mov     x3, #8
        mov     x8, #134                // rt_sigaction
        svc     #0
        b       1b

next:   mov     x1, #STATE
        ldp     x0, x2, [x1]
        cmp     x0, x2
        b.eq    done
        msr     fpcr, xzr
        mov     x30, #ENTRIES
        add     x30, x30, x2, lsl #4
        mov     x0, #(POINTED_AT & 0xffff0000)
        mov     sp, x0
        .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
        mov     x\n, x0
        .endr
        br      x30

done:   mov     x2, x0
        mov     x0, #1
        mov     x1, #RESULTS
        mov     x8, #64                 // write
        svc     #0
        mov     x0, #0
        mov     x8, #94                 // exit_group
        svc     #0

signals: .byte  4, 5, 7, 8, 11, 31, 0   // ILL, TRAP, BUS, FPE, SEGV, SYS

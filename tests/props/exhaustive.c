/* Every change of one byte, and every length, of files that we have.
 *
 *   exhaustive lengths           every length of every sample of at most 64 KiB
 *   exhaustive bytes             each of the 255 other values of each byte of every sound sample of at most 16 KiB
 *   exhaustive metadata FILE...  some values of each byte of the metadata of FILE, which are programs of this machine
 *   exhaustive masks FROM TO FILE...  each of those bytes XOR FROM, and all up to TO: 1 to 255 are all values
 *   exhaustive share SECONDS [SEED]   some of the same for the samples, chosen by the seed, which is printed
 *
 * Of each case: the audit ends, soon and in little memory, every rule answers, and a file that Linux starts through an
 * interpreter is never called static (tests/props/naive.h says when that is so). Of lengths: what lost bytes and was no
 * pass is none after, and no rule passes that did not, but for those that ask for fewer bytes. */
#include <dirent.h>
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/props/judge.h"
#include "tests/props/naive.h"
#include "tests/props/outcomes.h"

enum {
    SMALL = 16 * 1024, /* bytes of the samples of which every byte is changed */
    LARGEST = 64 * 1024,
    PATIENCE = 2,              /* seconds of processor time that no case may take */
    MEMORY = 1 << 30,          /* bytes that the whole process may have: a case that wants more is wrong */
    METADATA_VALUES = 12,      /* of each byte of the metadata of a real program */
    METADATA_MOST = 16 * 1024, /* bytes of them */
};

static size_t cases, wrong;
static volatile sig_atomic_t ticks;

static void complain(const char *name, const char *what, size_t at, unsigned value)
{
    fprintf(stderr, "%s: %s (byte %zu, value %#x)\n", name, what, at, value);
    wrong++;
}

/* A case that is still there at the second tick took PATIENCE seconds. */
static const char *now_name;
static size_t now_case;

static void on_tick(int signal)
{
    (void)signal;
    static size_t last = SIZE_MAX;
    if (last == now_case && ++ticks > PATIENCE) {
        static const char text[] = "a case takes too long: ";
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
        (void)!write(STDERR_FILENO, now_name, strlen(now_name));
        _exit(1);
    }
    if (last != now_case)
        ticks = 0;
    last = now_case;
}

static void keep_watch(void)
{
    const struct itimerval every = {{1, 0}, {1, 0}};
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    (void)sigaction(SIGVTALRM, &action, NULL);
    (void)setitimer(ITIMER_VIRTUAL, &every, NULL);
#if !defined(__SANITIZE_ADDRESS__)
    const struct rlimit limit = {MEMORY, MEMORY};
    (void)setrlimit(RLIMIT_AS, &limit);
#endif
}

struct subject_file {
    const char *name, *target;
    bool code; /* look at it */
};

/* False: an audit without an outcome. */
static bool audit(const struct subject_file *file, const uint8_t *bytes, size_t size, struct outcomes *outcomes)
{
    static struct arena arena; /* memory is kept from case to case */
    now_name = file->name;
    now_case = ++cases;
    struct record *record = judge_with(&arena, file->name, bytes, size, file->target, file->code);
    bool good = record && !(record->error && strstr(record->error, "memory")) && outcomes_take(record, outcomes);
    for (size_t i = 0; good && i < record->image_count; i++) {
        const char *linkage = record->images[i].linkage;
        struct naive naive = {0};
        if (linkage && strncmp(linkage, "static", 6) == 0)
            naive_read(bytes, size, &naive);
        good = !naive.starts || naive.interp_size == 0;
    }
    arena_reset(&arena);
    return good;
}

static void change(const struct subject_file *file, uint8_t *bytes, size_t size, size_t at, uint8_t value)
{
    struct outcomes outcomes;
    uint8_t old = bytes[at];
    bytes[at] = value;
    if (value != old && !audit(file, bytes, size, &outcomes))
        complain(file->name, "no outcome, or static with an interpreter", at, value);
    bytes[at] = old;
}

/* The rules that fewer bytes satisfy. */
static bool wants_less(size_t rule)
{
    return strcmp(rules[rule]->id, "structure/no-overlay") == 0 || strcmp(rules[rule]->id, "platform/size-budget") == 0;
}

static bool only_zeros(const uint8_t *bytes, size_t from, size_t to)
{
    while (from < to && bytes[from] == 0)
        from++;
    return from == to;
}

/* Only passes count: a program that lost its end may be one of a kind to which a rule does not apply. */
static size_t passes_now(const struct outcomes *before, const struct outcomes *now)
{
    if (before->image_count != 1 || now->image_count != 1)
        return rule_count;
    for (size_t i = 0; i < before->images[0].count && i < now->images[0].count; i++)
        if (now->images[0].items[i] == OUTCOME_PASS && outcome_gained(before->images[0].items[i], OUTCOME_PASS) &&
            !wants_less(i))
            return i;
    return rule_count;
}

static void cut(const struct subject_file *file, const struct sample_bytes *whole, const struct outcomes *before,
                size_t length)
{
    struct outcomes now = {0};
    uint8_t *exact = malloc(length ? length : 1); /* so that a sanitizer sees a step beyond */
    if (!exact)
        abort();
    memcpy(exact, whole->data, length);
    if (!audit(file, exact, length, &now))
        complain(file->name, "no outcome, or static with an interpreter, when cut", length, 0);
    free(exact);
    size_t rule = passes_now(before, &now);
    bool overlay = false;
    for (size_t i = 0; before->image_count == 1 && i < before->images[0].count; i++)
        overlay |= wants_less(i) && before->images[0].items[i] == OUTCOME_FAIL;
    if (rule < rule_count)
        complain(file->name, rules[rule]->id, length, 0);
    else if (now.verdict == VERDICT_PASS && !overlay &&
             (before->verdict != VERDICT_PASS || !only_zeros(whole->data, length, whole->size)))
        complain(file->name, "passes, cut to so few bytes", length, 0);
}

static bool load(size_t index, struct subject_file *file, struct sample_bytes *whole)
{
    *file = (struct subject_file){samples[index].name, sample_target(samples[index].name), true};
    if (sample_load(&samples[index], ASSAY_CORPUS, whole))
        return true;
    complain(samples[index].name, "cannot be made or read", 0, 0);
    return false;
}

struct figures {
    const char *what;
    size_t files, cases, wrong;
    struct timespec since;
};

static struct figures begin(const char *what)
{
    struct figures figures = {.what = what, .cases = cases, .wrong = wrong};
    clock_gettime(CLOCK_MONOTONIC, &figures.since);
    return figures;
}

/* A line of the ledger, but for the commit. */
static void end(const struct figures *figures)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%s\t%zu\t%zu\t%zu\t%ld\n", figures->what, figures->files, cases - figures->cases, wrong - figures->wrong,
           (long)(now.tv_sec - figures->since.tv_sec));
    fflush(stdout);
}

static void every_byte(void)
{
    struct figures figures = begin("every other value of every byte");
    for (size_t i = 0; i < sample_count; i++) {
        struct subject_file file;
        struct sample_bytes whole = {0};
        if (samples[i].kind == SAMPLE_MALFORMED || !load(i, &file, &whole))
            continue;
        figures.files += whole.size <= SMALL;
        for (size_t at = 0; whole.size <= SMALL && at < whole.size; at++)
            for (unsigned value = 0; value < 256; value++)
                change(&file, whole.data, whole.size, at, (uint8_t)value);
        free(whole.data);
    }
    end(&figures);
}

static void every_length(void)
{
    struct figures figures = begin("every length");
    for (size_t i = 0; i < sample_count; i++) {
        struct subject_file file;
        struct sample_bytes whole = {0};
        struct outcomes before;
        if (!load(i, &file, &whole))
            continue;
        if (whole.size <= LARGEST && audit(&file, whole.data, whole.size, &before)) {
            figures.files++;
            for (size_t length = 0; length < whole.size; length++)
                cut(&file, &whole, &before, length);
        }
        free(whole.data);
    }
    end(&figures);
}

/* The bytes of a program that speak about it: its headers and tables. Sets one flag a byte. */
static void mark(uint8_t *marks, size_t size, uint64_t at, uint64_t count)
{
    if (at <= size && count <= size - at)
        memset(marks + at, 1, (size_t)count);
}

static void mark_metadata(const struct sample_bytes *whole, uint8_t *marks)
{
    struct naive naive;
    naive_read(whole->data, whole->size, &naive);
    if (!naive.starts)
        return;
    Elf64_Ehdr header;
    memcpy(&header, whole->data, sizeof header);
    mark(marks, whole->size, 0, sizeof header);
    mark(marks, whole->size, header.e_shoff, (uint64_t)header.e_shnum * sizeof(Elf64_Shdr));
    for (size_t i = 0; i < naive.phnum; i++) {
        Elf64_Phdr phdr;
        memcpy(&phdr, whole->data + naive.phoff + i * sizeof phdr, sizeof phdr);
        mark(marks, whole->size, naive.phoff + i * sizeof phdr, sizeof phdr);
        if (phdr.p_type == PT_DYNAMIC || phdr.p_type == PT_NOTE || phdr.p_type == PT_INTERP)
            mark(marks, whole->size, phdr.p_offset, phdr.p_filesz);
    }
}

static bool load_program(const char *path, struct sample_bytes *whole)
{
    FILE *in = fopen(path, "rb");
    whole->data = NULL;
    if (!in || fseek(in, 0, SEEK_END) != 0)
        return false;
    whole->size = (size_t)ftell(in);
    rewind(in);
    whole->data = malloc(whole->size + 1);
    bool good = whole->data && fread(whole->data, 1, whole->size, in) == whole->size;
    fclose(in);
    return good;
}

/* Each bit by itself, and the values next to what is there and at the ends. */
static void change_some(const struct subject_file *file, const struct sample_bytes *whole, size_t at)
{
    uint8_t *bytes = whole->data, old = bytes[at];
    for (unsigned bit = 0; bit < 8; bit++)
        change(file, bytes, whole->size, at, (uint8_t)(old ^ 1U << bit));
    const uint8_t others[METADATA_VALUES - 8] = {0, 0xff, (uint8_t)(old + 1), (uint8_t)(old - 1)};
    for (size_t i = 0; i < sizeof others; i++)
        change(file, bytes, whole->size, at, others[i]);
}

/* Without a look at the code, which no byte of the metadata changes. Masks [from, to], or some values where there are none. */
static void metadata_of(char **paths, unsigned from, unsigned to)
{
    char what[80] = "12 values of every byte of metadata";
    if (from <= to)
        (void)snprintf(what, sizeof what, "every byte of metadata XOR %u to %u", from, to);
    struct figures figures = begin(what);
    for (; *paths; paths++) {
        const struct subject_file file = {*paths, NULL, false};
        struct sample_bytes whole = {0};
        uint8_t *marks = NULL;
        size_t most = METADATA_MOST;
        if (load_program(*paths, &whole) && (marks = calloc(whole.size + 1, 1)))
            mark_metadata(&whole, marks);
        else
            complain(*paths, "cannot be read", 0, 0);
        figures.files += marks && marks[0];
        for (size_t at = 0; marks && at < whole.size && most; at++) {
            if (!marks[at])
                continue;
            most--;
            for (unsigned mask = from; mask <= to; mask++)
                change(&file, whole.data, whole.size, at, (uint8_t)(whole.data[at] ^ mask));
            if (from > to)
                change_some(&file, &whole, at);
        }
        free(marks);
        free(whole.data);
    }
    end(&figures);
}

static uint64_t roll(uint64_t *state, uint64_t sides)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (*state >> 33) % sides;
}

/* Runs of some bytes and some lengths of one sample after another. */
static void share(long seconds, uint64_t seed)
{
    enum { RUN = 16, LENGTHS = 64 };
    struct figures figures = begin("share");
    clock_t stop = clock() + seconds * CLOCKS_PER_SEC;
    printf("seed %llu\n", (unsigned long long)seed);
    while (clock() < stop) {
        struct subject_file file;
        struct sample_bytes whole = {0};
        struct outcomes before;
        if (!load((size_t)roll(&seed, sample_count), &file, &whole))
            break;
        if (whole.size && whole.size <= LARGEST && audit(&file, whole.data, whole.size, &before)) {
            figures.files++;
            size_t from = (size_t)roll(&seed, whole.size);
            for (size_t at = from; whole.size <= SMALL && at < whole.size && at < from + RUN; at++)
                for (unsigned value = 0; value < 256; value++)
                    change(&file, whole.data, whole.size, at, (uint8_t)value);
            for (unsigned i = 0; i < LENGTHS; i++)
                cut(&file, &whole, &before, (size_t)roll(&seed, whole.size));
        }
        free(whole.data);
    }
    end(&figures);
}

int main(int argc, char **argv)
{
    keep_watch();
    if (argc >= 2 && strcmp(argv[1], "lengths") == 0) {
        every_length();
    } else if (argc >= 2 && strcmp(argv[1], "bytes") == 0) {
        every_byte();
    } else if (argc >= 2 && strcmp(argv[1], "metadata") == 0) {
        metadata_of(argv + 2, 1, 0);
    } else if (argc >= 4 && strcmp(argv[1], "masks") == 0) {
        metadata_of(argv + 4, (unsigned)strtoul(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10));
    } else if (argc >= 3 && strcmp(argv[1], "share") == 0) {
        share(strtol(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)time(NULL));
    } else {
        return 2;
    }
    return wrong != 0 || cases == 0;
}

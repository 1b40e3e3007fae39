/* `parameters:`, what rules compare with. Each has a place in struct demands, and the place in the policy that said it. */
#include <stdlib.h>
#include <string.h>

#include "src/policy/read.h"

static void read_libraries(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    p->demands.libraries = policy_list(r, node, sizeof(char *), policy_pattern, &p->demands.library_count);
    p->libraries = node->place;
}

/* "2.28", "11", "10.15.4": unquoted ones too, which are the texts they look like. */
static bool is_version(const char *text)
{
    size_t dots = 0, digits = 0;
    for (; *text; text++) {
        if (*text != '.' && (*text < '0' || *text > '9'))
            return false;
        dots += *text == '.';
        digits = *text == '.' ? 0 : digits + 1;
        if (digits > 4 || (*text == '.' && (text[1] == '.' || text[1] == 0)))
            return false;
    }
    return digits && dots < 3;
}

static void read_version(struct policy_reader *r, const struct node *node, const char **version, struct place *place)
{
    if (node->kind != NODE_SCALAR || *node->text == '.' || !is_version(node->text))
        complain_at(r->complaints, node->place, "expected a version such as 2.28");
    else
        *version = node->text;
    *place = node->place;
}

static void read_floor(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    read_version(r, node, &p->demands.glibc_floor, &p->glibc_floor);
}

static void read_minimum(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    read_version(r, node, &p->demands.macos_minimum, &p->macos_minimum);
}

/* One, or a list with one of each architecture. */
static void read_cpu(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    size_t count = node->kind == NODE_LIST ? node->count : 1;
    p->cpu = node->place;
    if (count == 0)
        complain_at(r->complaints, node->place, "an empty list: expected a CPU such as x86-64-v2");
    for (size_t i = 0; i < count; i++) {
        const struct node *item = node->kind == NODE_LIST ? node->items[i] : node;
        const char *text = NULL, *expected;
        policy_text(r, item, &text);
        if (text && (expected = expect_add_cpu(p->demands.cpus, text)))
            complain_at(r->complaints, item->place, "\"%s\": expected %s", text, expected);
    }
}

static void read_size(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    const char *text = node->kind == NODE_SCALAR ? node->text : "";
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (*text < '1' || *text > '9' || end[shift != 0] != 0 || value > UINT64_MAX >> 1 >> shift)
        complain_at(r->complaints, node->place, "expected a number of bytes such as 25M");
    else
        p->demands.size_max = (uint64_t)value << shift;
    p->size_max = node->place;
}

static void read_strict(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    const char *text = node->kind == NODE_SCALAR ? node->text : "";
    p->cpu_strict = node->place;
    p->demands.cpu_strict = strcmp(text, "true") == 0;
    if (!p->demands.cpu_strict && strcmp(text, "false") != 0)
        complain_at(r->complaints, node->place, "expected true or false");
}

static void read_neon(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    const char *text = node->kind == NODE_SCALAR ? node->text : "";
    char *end;
    p->neon_loops = node->place;
    p->demands.neon_loops = strtoull(text, &end, 10);
    if (*text < '1' || *text > '9' || *end != 0 || p->demands.neon_loops > UINT32_MAX)
        complain_at(r->complaints, node->place, "expected a number of instructions, 1 or more");
}

static void read_percent(struct policy_reader *r, const struct node *node, unsigned *percent, struct place *place)
{
    const char *text = node->kind == NODE_SCALAR ? node->text : "";
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *place = node->place;
    *percent = value <= 100 ? (unsigned)value : 0;
    if (*text < '1' || *text > '9' || *end != 0 || value > 100)
        complain_at(r->complaints, node->place, "expected a number of percent, 1 to 100");
}

static void read_abi_coverage(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    read_percent(r, node, &p->demands.abi_coverage, &p->abi_coverage);
}

static void read_isa_coverage(struct policy_reader *r, const struct node *node, void *field)
{
    struct parameters *p = field;
    read_percent(r, node, &p->demands.isa_coverage, &p->isa_coverage);
}

void policy_parameters(struct policy_reader *r, const struct node *node, void *field)
{
    static const struct policy_key keys[] = {{"libraries", false, 0, read_libraries},
                                             {"glibc-floor", false, 0, read_floor},
                                             {"macos-minimum", false, 0, read_minimum},
                                             {"cpu", false, 0, read_cpu},
                                             {"cpu-strict", false, 0, read_strict},
                                             {"neon-loops", false, 0, read_neon},
                                             {"size-max", false, 0, read_size},
                                             {"abi-coverage", false, 0, read_abi_coverage},
                                             {"isa-coverage", false, 0, read_isa_coverage}};
    policy_map(r, node, keys, sizeof keys / sizeof *keys, field);
}

/* A target's parameters are the policy's, and its own over them. */
void policy_inherit(struct policy *policy)
{
    for (size_t i = 0; i < policy->target_count; i++) {
        struct parameters own = policy->targets[i].parameters, *to = &policy->targets[i].parameters;
        *to = policy->parameters;
        if (own.libraries.file) {
            to->libraries = own.libraries;
            to->demands.libraries = own.demands.libraries;
            to->demands.library_count = own.demands.library_count;
        }
        if (own.glibc_floor.file) {
            to->glibc_floor = own.glibc_floor;
            to->demands.glibc_floor = own.demands.glibc_floor;
        }
        if (own.macos_minimum.file) {
            to->macos_minimum = own.macos_minimum;
            to->demands.macos_minimum = own.demands.macos_minimum;
        }
        if (own.cpu.file) {
            to->cpu = own.cpu;
            memcpy(to->demands.cpus, own.demands.cpus, sizeof to->demands.cpus);
        }
        if (own.cpu_strict.file) {
            to->cpu_strict = own.cpu_strict;
            to->demands.cpu_strict = own.demands.cpu_strict;
        }
        if (own.neon_loops.file) {
            to->neon_loops = own.neon_loops;
            to->demands.neon_loops = own.demands.neon_loops;
        }
        if (own.abi_coverage.file) {
            to->abi_coverage = own.abi_coverage;
            to->demands.abi_coverage = own.demands.abi_coverage;
        }
        if (own.isa_coverage.file) {
            to->isa_coverage = own.isa_coverage;
            to->demands.isa_coverage = own.demands.isa_coverage;
        }
        if (own.size_max.file) {
            to->size_max = own.size_max;
            to->demands.size_max = own.demands.size_max;
        }
    }
}

/* Pictures of an image: its bytes as a treemap of sections (squarified: Bruls, Huizing and van Wijk, 2000), and its
 * address space as a strip of segments, coloured by what may be done with them. Names stand in the rectangles that have
 * room for them, and in the title of each. */
#include <inttypes.h>
#include <string.h>

#include "src/report/html.h"

enum { BOXES = 64, WIDTH = 1000, HEIGHT = 220, STRIP = 46, LETTER = 7 /* width of one, about */ };

struct box {
    const char *name;
    uint64_t size;
    double area;
};

static int by_size(const struct box *x, const struct box *y)
{
    return x->size != y->size ? (x->size < y->size ? 1 : -1) : strcmp(x->name, y->name);
}

static void write_size(FILE *out, uint64_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    double value = (double)size;
    size_t unit = 0;
    for (; value >= 1024 && unit < 3; unit++)
        value /= 1024;
    fprintf(out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* What strip(1) would take away. */
static bool is_surplus(const char *name)
{
    static const char *const starts[] = {".debug", ".zdebug", ".symtab", ".strtab", ".stab", "__DWARF,"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void write_box(FILE *out, const struct box *box, double x, double y, double w, double h)
{
    size_t letters = escape_width(box->name, 200);
    fprintf(out, "<g><title>");
    escape_xml(out, box->name);
    fputs(": ", out);
    write_size(out, box->size);
    fprintf(out, "</title><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
            is_surplus(box->name) ? "b" : "a", x, y, w, h);
    if (h > 16 && w > (double)(letters * LETTER + 8)) {
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">", x + 5, y + 14);
        escape_xml(out, box->name);
        fputs("</text>", out);
    }
    fputs("</g>", out);
}

/* How far from squares the boxes of a row are, at worst. */
static double worst(const struct box *row, size_t count, double sum, double side)
{
    double most = row[0].area, least = row[count - 1].area, s = sum * sum, w = side * side;
    double one = w * most / s, other = s / (w * least);
    return one > other ? one : other;
}

/* Rows along the shorter side of what is left, each as long as its boxes get squarer by it. */
static void write_treemap(FILE *out, const struct box *boxes, size_t count)
{
    double x = 0, y = 0, w = WIDTH, h = HEIGHT;
    for (size_t at = 0; at < count;) {
        double side = w < h ? w : h, sum = boxes[at].area;
        size_t n = 1;
        while (at + n < count &&
               worst(boxes + at, n + 1, sum + boxes[at + n].area, side) <= worst(boxes + at, n, sum, side))
            sum += boxes[at + n++].area;
        double thick = sum / side, along = 0;
        for (size_t i = 0; i < n; i++) {
            double length = boxes[at + i].area / thick;
            if (w < h)
                write_box(out, &boxes[at + i], x + along, y, length, thick);
            else
                write_box(out, &boxes[at + i], x, y + along, thick, length);
            along += length;
        }
        if (w < h) {
            y += thick;
            h -= thick;
        } else {
            x += thick;
            w -= thick;
        }
        at += n;
    }
}

/* Into its place among the largest so far, at most BOXES; what that leaves no room for is added to `rest`. */
static void insert(struct box *boxes, size_t *count, const struct box *box, uint64_t *rest)
{
    size_t at = *count;
    if (*count == BOXES) {
        const struct box *least = &boxes[BOXES - 1];
        bool larger = by_size(box, least) < 0;
        *rest += larger ? least->size : box->size;
        if (!larger)
            return;
        at--;
    } else {
        ++*count;
    }
    for (; at > 0 && by_size(box, &boxes[at - 1]) < 0; at--)
        boxes[at] = boxes[at - 1];
    boxes[at] = *box;
}

/* The largest sections (segments where there are none), and all others in one box; how many boxes. */
static size_t gather(const struct record_image *image, struct box *boxes, uint64_t *total)
{
    bool sections = image->section_count > 0;
    size_t all = sections ? image->section_count : image->segment_count, count = 0;
    uint64_t rest = 0;
    *total = 0;
    for (size_t i = 0; i < all; i++) {
        const char *name = sections ? image->sections[i].name : image->segments[i].name;
        uint64_t size = sections ? image->sections[i].size : image->segments[i].file_size;
        name = *name ? name : sections ? "(no name)" : image->segments[i].access;
        if (size && size <= image->size && (!sections || image->sections[i].has_bytes))
            insert(boxes, &count, &(struct box){name, size, 0}, &rest);
    }
    if (count == BOXES)
        boxes[BOXES - 1] = (struct box){"all others", boxes[BOXES - 1].size + rest, 0};
    for (size_t i = 0; i < count; i++)
        *total += boxes[i].size;
    for (size_t i = 0; i < count; i++)
        boxes[i].area = (double)boxes[i].size / (double)*total * WIDTH * HEIGHT;
    return count;
}

static const char *access_class(const char *access)
{
    bool writes = strchr(access, 'w'), runs = strchr(access, 'x');
    return writes ? runs ? "rwx" : "rw" : runs ? "rx" : "r";
}

/* Segments in the order of their addresses; each has a least width, so that none is lost beside a large one. */
static void write_strip(FILE *out, const struct record_image *image)
{
    double total = 0, x = 0;
    size_t count = image->segment_count < BOXES ? image->segment_count : BOXES;
    for (size_t i = 0; i < count; i++)
        total += (double)image->segments[i].memory_size;
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"memory map\">", WIDTH, STRIP);
    for (size_t i = 0; i < count; i++) {
        const struct record_segment *s = &image->segments[i];
        double share = total > 0 ? (double)s->memory_size / total : 0;
        double w = 14 + share * (WIDTH - 14.0 * (double)count);
        fputs("<g><title>", out);
        escape_xml(out, *s->name ? s->name : "segment");
        fputs(" ", out);
        escape_xml(out, s->access);
        fprintf(out, " at 0x%" PRIx64 ", ", s->address);
        write_size(out, s->memory_size);
        fprintf(out, "</title><rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"/>",
                access_class(s->access), x, w, STRIP);
        if (w > 90) {
            fprintf(out, "<text x=\"%.1f\" y=\"19\">", x + 6);
            escape_xml(out, *s->name && escape_width(s->name, 60) * LETTER + 8 < (size_t)w ? s->name : s->access);
            fprintf(out, "</text><text x=\"%.1f\" y=\"36\">0x%" PRIx64 "</text>", x + 6, s->address);
        }
        fputs("</g>", out);
        x += w;
    }
    fputs("</svg>", out);
}

void html_maps(FILE *out, const struct record_image *image)
{
    struct box boxes[BOXES];
    uint64_t total;
    size_t count = gather(image, boxes, &total);
    if (count) {
        fprintf(out, "<figure><figcaption>Bytes in the file by %s, ", image->section_count ? "section" : "segment");
        write_size(out, total);
        fprintf(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"sizes\">", WIDTH, HEIGHT);
        write_treemap(out, boxes, count);
        fputs("</svg><ul class=\"key\"><li><i class=\"a\"></i>stays</li><li><i class=\"b\"></i>what strip would take "
              "away</li></ul></figure>\n",
              out);
    }
    if (image->segment_count) {
        fputs("<figure><figcaption>Memory by segment, in the order of the file's table</figcaption>", out);
        write_strip(out, image);
        fputs("<ul class=\"key\"><li><i class=\"r\"></i>read</li><li><i class=\"rw\"></i>read, write</li><li><i "
              "class=\"rx\"></i>read, execute</li><li><i class=\"rwx\"></i>write and execute</li></ul></figure>\n",
              out);
    }
}

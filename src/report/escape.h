/* The only doorway from text that a file, its name or a worker supplied to an output. Such
 * text may hold any byte but NUL: terminal controls, half of a character, marks that turn
 * the direction of writing, commands to the build server that shows the report. Both forms
 * are lossless: different text is written differently.
 *
 * Well-formed UTF-8 stays as it is, except what is not seen as written: C0 and C1
 * controls, DEL, marks of direction, characters of no width, line and paragraph
 * separators. Those, and bytes that are no UTF-8, are written by their value; in text for
 * people a backslash is doubled. So is the value of a # that follows a #: GitHub's runner
 * obeys "##[command]" and Azure's "##vso[command]" wherever they stand in a line. It also
 * obeys "::command" at the start of one, blanks aside: no line of a report begins with
 * foreign text.
 *
 * NULL, which only a worker gone wrong supplies, is written as "?" and as null. */
#ifndef ASSAY_SRC_REPORT_ESCAPE_H
#define ASSAY_SRC_REPORT_ESCAPE_H

#include <stdio.h>

/* For people: \n and \t, \xNN for a byte, \u{NNNN} for a character. */
void escape_terminal(FILE *out, const char *text);
/* How many bytes at the beginning of `text` are written as they stand there and in JSON. */
size_t escape_plain(const char *text);
/* How many columns that takes, one a character; `most` at most. */
size_t escape_width(const char *text, size_t most);
/* A JSON string with its quotes, ASCII controls and invisible characters as \uNNNN. A byte that is no
 * UTF-8 cannot stand in JSON: it is written as the text \xNN, and a backslash that begins such a text
 * in the original as \x5c, so that the two cannot be mistaken. To get the bytes back, parse the JSON
 * and turn each \x with its two digits into that byte. */
void escape_json(FILE *out, const char *text);
/* A member of an object behind another one: the comma, the name, which is ours, and the text. */
void escape_member(FILE *out, const char *name, const char *text);
/* What stands between the quotes of escape_json, to be put together with other texts. */
void escape_json_part(FILE *out, const char *text);

/* For people, in the language of a page: escape_terminal's form, in which nothing is invisible, with all that has a
 * meaning in that language taken away. XML and HTML, in text and in quoted attributes; no character is left that XML
 * 1.0 does not allow. */
void escape_xml(FILE *out, const char *text);
/* Markdown as GitHub and GitLab show it, in a line of text or a cell of a table: nothing in it is markup, a link, a
 * mention or an emoji. (An @ stands in an element of its own: addresses and mentions are found in what entities were
 * turned into.) Do not put it between backticks, where entities are not read. */
void escape_markdown(FILE *out, const char *text);
/* One field of CSV (RFC 4180), always in quotes; a field that a spreadsheet would take for a formula begins with '. */
void escape_csv(FILE *out, const char *text);
/* The message of a workflow command of GitHub's runner, and the value of one of its properties. */
void escape_github(FILE *out, const char *text);
void escape_github_property(FILE *out, const char *text);
/* A path as a relative URI reference, or as a file: URI where it is absolute: any byte, percent-encoded (RFC 3986).
 * Leading "./" is left out. Nothing in it needs to be escaped in JSON or XML. */
void escape_uri(FILE *out, const char *path);

#endif

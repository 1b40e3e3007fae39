"""What makes a report of each format a good one: its own grammar or schema, what its readers ask for besides, and that
it tells as many findings as there are. Each function yields what is wrong."""
import base64
import collections
import csv
import hashlib
import html.parser
import io
import json
import pathlib
import re
import warnings
import xml.etree.ElementTree

warnings.simplefilter("ignore", DeprecationWarning)
try:
    import jsonschema
except ImportError:
    jsonschema = None

HERE = pathlib.Path(__file__).resolve().parent
SCHEMAS = HERE.parent / "schemas"
OURS = HERE.parent.parent / "src" / "report" / "assay-report-1.schema.json"


def schema(path, *others):
    """The validator of a schema, with those that it refers to by their file names."""
    if not jsonschema:
        return None
    main = json.loads(path.read_text(encoding="utf-8"))
    base = main.get("$id", "").rpartition("/")[0]
    store = {}
    for other in others:
        text = json.loads((SCHEMAS / other).read_text(encoding="utf-8"))
        for name in (other, other.replace(".schema", ".SNAPSHOT.schema")):
            store[f"{base}/{name}"] = text
    return jsonschema.validators.validator_for(main)(main, resolver=jsonschema.RefResolver(main.get("$id", ""), main, store=store))


VALIDATORS = {"json": schema(OURS), "sarif": schema(SCHEMAS / "sarif-2.1.0.json"),
              "cyclonedx": schema(SCHEMAS / "bom-1.5.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")}


def against_schema(form, document):
    if VALIDATORS[form]:
        for error in VALIDATORS[form].iter_errors(document):
            yield f"schema: {error.message[:200]} at {list(error.absolute_path)}"


def visible(text):
    """Nothing in a text for people may be unseen, or change how the rest is read."""
    for c in text:
        if (ord(c) < 32 and c not in "\n\r\t") or 0x7f <= ord(c) < 0xa0 or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff":
            yield f"the character U+{ord(c):04X}"
            return


def check_text(text, _):
    if not re.search(r"gate: (open|closed \(\w[\w ]*\))$", text.rstrip("\n")):
        yield "no last line"


def check_json(text, _):
    document = json.loads(text)
    yield from against_schema("json", document)
    if list(document)[-1] != "complete":
        yield "complete is not the last key"


def empty_strings(value, path=""):
    if value == "" and not path.endswith(("/observed", "/expected")):
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from empty_strings(item, f"{path}/{key}")


def check_sarif(text, findings):
    document = json.loads(text)
    yield from against_schema("sarif", document)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    if len(run["results"]) != findings:
        yield f"{len(run['results'])} results, expected {findings}"
    if len({rule["id"] for rule in rules}) != len(rules):
        yield "a rule stands twice"
    for rule in rules:
        if not (rule["shortDescription"]["text"] and rule["help"]["text"] and rule["help"]["markdown"]) or \
                len(rule["fullDescription"]["text"]) > 1024 or len(rule["properties"]["tags"]) > 10:
            yield f"rule {rule['id']}"
        severity = rule["properties"].get("security-severity", "5.0")
        if not isinstance(severity, str) or not 0 < float(severity) <= 10:
            yield f"severity {severity!r}"
    hashes = collections.Counter(result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"])
    yield from (f"fingerprint {value} stands {count} times" for value, count in hashes.items() if count > 1 and not DUPLICATES)
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        if not all(place["region"].get(key, 0) >= 1 for key in ("startLine", "startColumn", "endLine", "endColumn")):
            yield "a result without a whole region"
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            yield "ruleIndex and ruleId differ"
        if not re.fullmatch(r"(?:[A-Za-z0-9\-._~/:]|%[0-9A-F]{2})+", place["artifactLocation"]["uri"]):
            yield f"uri {place['artifactLocation']['uri']}"
    yield from (f"an empty string at {path}" for path in empty_strings(document["runs"][0]["tool"]))


DUPLICATES = False  # random runs may have two slices of one name


def check_gitlab(text, findings):
    items = json.loads(text)
    if len(items) != findings:
        yield f"{len(items)} items, expected {findings}"
    for item in items:
        if set(item) != {"check_name", "fingerprint", "severity", "description", "location"} or not item["description"] or \
                item["severity"] not in ("info", "minor", "major", "critical", "blocker"):
            yield f"item {item}"
        if not item["location"]["path"] or item["location"]["path"].startswith("./") or item["location"]["lines"]["begin"] < 1:
            yield f"location {item['location']}"
    prints = [item["fingerprint"] for item in items]
    if len(set(prints)) != len(prints) and not DUPLICATES:
        yield "a fingerprint stands twice: GitLab would drop one"


def check_github(text, findings):
    lines = text.split("\n")
    token, told = None, 0
    for line in lines[:-2]:
        stop = re.fullmatch(r"::stop-commands::([0-9a-f]{64})", line)
        if token:
            if line == f"::{token}::":
                token = None
                continue
            told += 1
        elif stop:
            token = stop.group(1)
        elif re.match(r"::(error|warning|notice) file=[^,:]*,line=\d+,title=[a-z/-]+::", line):
            told += 1
        else:
            yield f"a line that is no annotation: {line[:100]!r}"
    if token:
        yield "commands stay stopped"
    if told != findings:
        yield f"{told} findings, expected {findings}"
    if lines[-1] or not re.match(r"assay: \d+ files?: .*; gate: (open|closed)$", lines[-2]):
        yield f"the last line is {lines[-2:]}"


def check_junit(text, _):
    root = xml.etree.ElementTree.fromstring(text)
    seen = set()
    totals = collections.Counter()
    for suite in root:
        counts = collections.Counter()
        for case in suite:
            name = (case.get("classname"), case.get("name"))
            if name in seen:
                yield f"the case {name} stands twice"
            seen.add(name)
            if len(case) > 1:
                yield f"{len(case)} elements in one case"
            counts["tests"] += 1
            for child in case:
                counts[{"failure": "failures", "error": "errors", "skipped": "skipped"}.get(child.tag, "output")] += 1
        for key in ("tests", "failures", "errors", "skipped"):
            totals[key] += counts[key]
            if int(suite.get(key)) != counts[key]:
                yield f"{key} of {suite.get('name')!r}: {suite.get(key)}, counted {counts[key]}"
    for key in ("tests", "failures", "errors"):
        if int(root.get(key)) != totals[key]:
            yield f"{key}: {root.get(key)}, counted {totals[key]}"


def check_csv(text, _):
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if any(len(row) != 15 for row in rows):
        yield "rows of different widths"
    for row in rows:
        for field in row:
            if field and field[0] in "=+-@\t\r":
                yield f"a formula: {field[:40]!r}"
    if rows[-1][0] != "end" or rows[-1][5] != "complete" or not text.endswith("\r\n"):
        yield "no end"


def check_ndjson(text, _):
    lines = text.encode("utf-8").splitlines(True)
    parsed = [json.loads(line) for line in lines]
    trailer = parsed[-1]["trailer"]
    if b"".join(lines) != text.encode("utf-8") or trailer["lines"] != len(lines):
        yield f"{len(lines)} lines, {trailer['lines']} in the trailer"
    if trailer["sha256"] != hashlib.sha256(b"".join(lines[:-1])).hexdigest():
        yield "another digest"
    if parsed[0]["schema"] != "assay-ndjson/1" or sum("path" in line for line in parsed) != trailer["files"]:
        yield "not a header and a line for each file"


def check_markdown(text, findings):
    if len(text.encode("utf-8")) > 1 << 20:
        yield "more than 1 MiB"
    tags = set(re.findall(r"<[^>]*>?", text)) - {"<details>", "<summary>", "</summary>", "</details>", "<sub>", "</sub>", "<span>", "</span>"}
    if tags:
        yield f"markup: {sorted(tags)[:3]}"
    told = len(re.findall(r"^- (?:waived|undecided|error|warning|note) `", text, re.M))
    if told != findings and "are not shown" not in text and "than there is room for" not in text:
        yield f"{told} findings, expected {findings}"
    if not re.search(r"<sub>assay [\d.]+: complete, \d+ files?</sub>\n\Z", text):
        yield "no last line"
    for line in text.split("\n"):
        if re.search(r"\]\(|https?://|\bwww\.|(?<![\w`/])@\w", line.replace("`", "")):
            yield f"a link or mention: {line[:80]!r}"


class Page(html.parser.HTMLParser):
    VOID = {"meta", "input", "rect", "br"}
    ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "type", "placeholder", "aria-label", "value",
                  "aria-pressed", "hidden", "scope", "title", "href", "role", "viewbox", "x", "y", "width", "height"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.wrong, self.told, self.ids = [], [], 0, set()

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name not in self.ATTRIBUTES:
                self.wrong.append(f"the attribute {name} of {tag}")
            if name == "href" and not re.fullmatch(r"#f\d+", value):
                self.wrong.append(f"a link to {value}")
            if name == "id":
                if value in self.ids:
                    self.wrong.append(f"the id {value} stands twice")
                self.ids.add(value)
        self.told += tag == "li" and ("class", "told") in (self.stack[-1][1] if self.stack else [])
        if tag not in self.VOID:
            self.stack.append((tag, attrs))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.stack or self.stack.pop()[0] != tag:
            self.wrong.append(f"the end of {tag} stands where it should not")


def check_html(text, findings):
    page = Page()
    page.feed(text)
    page.close()
    yield from page.wrong[:3]
    if page.stack:
        yield f"{page.stack[-1][0]} has no end"
    if page.told != findings:
        yield f"{page.told} findings, expected {findings}"
    for tag in ("style", "script"):
        inner = re.search(f"<{tag}>(.*?)</{tag}>", text, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        if f"{tag}-src 'sha256-{digest}'" not in text:
            yield f"the policy does not allow the page's own {tag}"
    if not text.endswith("</html>\n"):
        yield "no end"


def check_in_toto(text, findings):
    document = json.loads(text)
    predicate = document["predicate"]
    if document["_type"] != "https://in-toto.io/Statement/v1" or \
            document["predicateType"] != "https://in-toto.io/attestation/test-result/v0.1":
        yield "no Statement with a test result"
    if predicate["result"] not in ("PASSED", "WARNED", "FAILED") or not predicate["configuration"]:
        yield f"predicate {predicate['result']}"
    if predicate["result"] != "FAILED" and predicate["failedTests"]:
        yield "tests failed, and the result is another"
    if len(predicate["warnedTests"]) + len(predicate["failedTests"]) != findings:
        yield f"findings are missing, expected {findings}"
    names = [subject["name"] for subject in document["subject"]]
    if len(set(names)) != len(names) or any(not re.fullmatch("[0-9a-f]{64}", s["digest"]["sha256"]) for s in document["subject"]):
        yield "subjects without names or digests of their own"


def check_cyclonedx(text, _):
    document = json.loads(text)
    yield from against_schema("cyclonedx", document)
    references = [component["bom-ref"] for component in document["components"]]
    if len(set(references)) != len(references):
        yield "a reference stands twice"
    for dependency in document["dependencies"]:
        if not {dependency["ref"], *dependency["dependsOn"]} <= set(references):
            yield f"a dependency on what is not there: {dependency['ref']}"


CHECKS = {"text": check_text, "json": check_json, "sarif": check_sarif, "gitlab": check_gitlab, "github": check_github,
          "junit": check_junit, "csv": check_csv, "ndjson": check_ndjson, "markdown": check_markdown, "html": check_html,
          "in-toto": check_in_toto, "cyclonedx": check_cyclonedx}


def complaints(form, data, findings):
    """All that is wrong with a report of this format, as bytes."""
    try:
        text = data.decode("utf-8")
        yield from visible(text)
        yield from CHECKS[form](text, findings)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, xml.etree.ElementTree.ParseError, csv.Error) as error:
        yield f"{type(error).__name__}: {str(error)[:200]}"

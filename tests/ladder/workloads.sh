#!/bin/sh
# workloads.sh NAME INPUTS COMMAND...: gives the program NAME, started by COMMAND (a path, or an emulator and a path), work
# that is more than telling its version, in the current directory, which is empty. Exits with what the program exits
# with. What it prints is the same each time. INPUTS holds a plugin of dprint and programs to look at and to emulate.
set -eu
name=$1 inputs=$2
shift 2

# What a run says on standard error is kept, and that a signal for an illegal instruction ended it, whatever is made of its status.
run() {
    status=0
    "$@" 2>>"${LADDER_STDERR:-/dev/null}" || status=$?
    [ $status -ne 132 ] || echo 'ended by SIGILL' >>"${LADDER_STDERR:-/dev/null}"
    return $status
}

text() { awk 'BEGIN { srand(7); for (i = 0; i < 4000; i++) { s = ""; for (j = 0; j < 12; j++) s = s sprintf("%c%c%s ", 97 + int(rand() * 26), 97 + int(rand() * 26), int(rand() * 9999)); print s "lazy dog 中文 déjà vu" } }'; }
script() {
    cat <<'END'
import {sum} from './other.js'
export class Greeter<T> { constructor(private name: T, public readonly n: number = 3) {} greet(): string { return `hello ${this.name} ${"x".repeat(this.n)}` } }
const table: Record<string, number> = {}; for (let i = 0; i < 100; i++) { table["k" + i % 7] = (table["k" + i % 7] ?? 0) + sum(i, i * 2) }
console.log(new Greeter("world").greet(), JSON.stringify(table), /h(e)l+o/.exec("say hello")?.[1])
export async function* walk(n: number) { for (let i = 0; i < n; i++) yield { i, s: [...Array(i).keys()].map(x => x ** 2).filter(x => x % 3 == 0) } }
END
}
text >text
text | tr a-m A-M >other
script >app.ts
printf 'export function sum(a, b) { return a + b }\nexport const unused = 1 , s= {a:[1,2, 3 ],b:"é\\u0041"}\n' >other.js
cat >work.js <<'END'
const words = {}; let h = 0;
for (let i = 0; i < 30000; i++) { const w = "w" + (i * 7919) % 997; words[w] = (words[w] || 0) + 1; h = (Math.imul(h, 31) + w.length * i) | 0; }
const back = JSON.parse(JSON.stringify({ words, list: Object.keys(words).sort() }));
const f = new Float64Array(4096).map((_, i) => Math.sin(i) * i); f.sort();
console.log(h, back.list.length, f[17].toFixed(6), "déjà".normalize("NFD").length, "abc".repeat(1000).replace(/b(c)/g, "$1x").length, 12345678901234567890n ** 7n % 1000007n);
END
cat >app.py <<'END'
import os, sys
import json
def f(a,b = 2, *c,**d) :
    x = { 'a':1 , "b":[i for i in range(10) if i%2==0] }
    return x if a == None else lambda y : y+a
class A( object ):
    def g(self): return f'{self!r:>10} {1+1}'
print(f(1)(2), A().g)
END
case $name in
esbuild*)
    run "$@" app.ts --bundle --minify --sourcemap --target=es2017 --outfile=out.js
    run "$@" --minify-syntax <work.js
    cat out.js ;;
bun*)
    run "$@" run work.js
    cat >hash.js <<'END'
const c = require("crypto"); console.log(c.createHash("sha256").update("x".repeat(99999)).digest("hex"), Bun.hash("abc").toString(), require("zlib").gzipSync("y".repeat(9999)).length, new TextDecoder().decode(new TextEncoder().encode("中文 é".repeat(99))).length, Buffer.from("z".repeat(999)).toString("base64").length)
END
    run "$@" run hash.js
    run "$@" build app.ts --minify --outdir out >/dev/null
    cat out/app.js ;;
biome*)
    mkdir src && cp app.ts other.js work.js src && printf '{"a":[1,2 ,3],"b":{}}' >src/x.json
    run "$@" format --colors=off --write src >/dev/null || true
    run "$@" format --colors=off src >/dev/null
    run "$@" lint --colors=off src >/dev/null 2>&1 || test $? -eq 1
    cat src/* ;;
dprint*)
    cp "$inputs/plugin-json.wasm" json.wasm
    printf '{"plugins":["./json.wasm"],"json":{}}' >dprint.json
    printf '{"a":[1,2 ,3],\n"b":{}}' >x.json
    HOME=$PWD DPRINT_CACHE_DIR=$PWD/cache run "$@" fmt --incremental=false x.json >/dev/null
    cat x.json ;;
sentry-cli*)
    mkdir m && cp other.js m/a.js && printf '//# sourceMappingURL=a.js.map\n' >>m/a.js && printf '{"version":3,"sources":["a.ts"],"names":[],"mappings":"AAAA,CAAC","file":"a.js"}' >m/a.js.map
    SENTRY_DSN='' HOME=$PWD run "$@" sourcemaps inject m >/dev/null
    HOME=$PWD run "$@" difutil check "$inputs/dif/prog" >/dev/null || HOME=$PWD run "$@" debug-files check "$inputs/dif/prog" >/dev/null || test $? -eq 1
    cat m/a.js ;;
buf*)
    printf 'syntax = "proto3";\npackage acme.v1;\nmessage Thing { string name = 1; repeated int64 ids=2; map<string,Thing> more=3; enum K { K_UNSPECIFIED=0; K_A=1; } K k=4; }\nservice S { rpc Get(Thing) returns (Thing); }\n' >a.proto
    HOME=$PWD run "$@" format a.proto
    HOME=$PWD run "$@" build -o image.json
    HOME=$PWD run "$@" lint >/dev/null || test $? -eq 100
    HOME=$PWD run "$@" convert image.json --type buf.alpha.image.v1.Image --to - >/dev/null 2>&1 || true
    cat image.json ;;
tsgo*)
    sed -i "s/'.\/other.js'/'.\/other'/" app.ts; printf 'export function sum(a: number, b: number): number { return a + b }\n' >other.ts; rm other.js
    run "$@" --noLib --target es2020 --module commonjs --outDir out app.ts >/dev/null || test $? -le 2
    cat out/*.js ;;
lefthook*)
    git init -q . 2>/dev/null; printf 'pre-commit:\n  parallel: true\n  commands:\n    one: {run: "true {staged_files}", glob: "*.{js,ts}"}\n    two: {run: "true"}\n' >lefthook.yml
    HOME=$PWD run "$@" install >/dev/null
    HOME=$PWD run "$@" dump
    HOME=$PWD LEFTHOOK_QUIET=meta run "$@" run pre-commit --all-files >/dev/null ;;
moon*)
    HOME=$PWD run "$@" completions --shell bash
    mkdir .moon && printf 'projects: ["a"]\n' >.moon/workspace.yml && mkdir a && printf 'tasks:\n  one: {command: "true", inputs: ["x"]}\n' >a/moon.yml && git init -q . && echo 1 >a/x && git add -A && git -c user.name=n -c user.email=e commit -qm x
    HOME=$PWD MOON_TOOLCHAIN_FORCE_GLOBALS=true run "$@" query projects >/dev/null 2>&1 || HOME=$PWD run "$@" --help >/dev/null ;;
turbo*)
    printf '{"name":"x","packageManager":"npm@9.0.0","workspaces":["a"]}' >package.json; printf '{"name":"x","lockfileVersion":3,"packages":{}}' >package-lock.json; mkdir a; printf '{"name":"a","version":"1.0.0","scripts":{"build":"true"}}' >a/package.json; printf '{"tasks":{"build":{"outputs":["d"]}}}' >turbo.json; git init -q . ; git add -A
    export TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 HOME="$PWD"
    run "$@" --skip-infer run build --dry=json >dry.json 2>err || { cat err >&2; exit 1; }
    grep -c hash dry.json ;;
workerd*)
    printf 'using W = import "/workerd/workerd.capnp";\nconst c :W.Config = (services = [(name = "main", worker = .w)]);\nconst w :W.Worker = (modules = [(name = "w", esModule = embed "w.js")], compatibilityDate = "2024-01-01");\n' >c.capnp
    { echo 'export const a = { async test() {'; sed 's/console.log(\(.*\));$/if (JSON.stringify([String(\1)]) == "") throw 1;/; s/if (JSON.*/if (back.list.length != 997) throw new Error("bad"); const d = await crypto.subtle.digest("SHA-256", new Uint8Array(9999)); if (new Uint8Array(d).length != 32) throw 1;/' work.js; echo '} }'; } >w.js
    run "$@" test c.capnp ;;
rg* | ripgrep*)
    run "$@" --no-config -N --sort path -c 'la[yz]+ (dog|cat)|déjà' text other
    run "$@" --no-config -N --sort path -i 'q[kx][0-9]+ .*zx' text other | tail -3
    run "$@" --no-config --sort path -F -e qq1 -e zzz -e xyzw -e 'lazy cat' text | head -20
    run "$@" --no-config -c -w 'dog' . --sort path ;;
ast-grep*)
    run "$@" run -p 'console.log($$$A)' -l ts app.ts --color never
    run "$@" run -p 'sum($A, $B)' -r 'add($B, $A)' -l ts app.ts --color never ;;
7za*)
    run "$@" a -mx=5 x.7z text other >/dev/null
    run "$@" a -tzip x.zip text >/dev/null
    run "$@" t x.7z >/dev/null && run "$@" l -slt x.7z | grep -E '^(CRC|Size)'
    run "$@" h -scrcSHA256 text | grep -i sha ;;
deno*)
    HOME=$PWD DENO_DIR=$PWD/d DENO_NO_UPDATE_CHECK=1 run "$@" run -A --no-remote work.js
    HOME=$PWD DENO_DIR=$PWD/d DENO_NO_UPDATE_CHECK=1 run "$@" fmt app.ts >/dev/null 2>&1
    cat app.ts ;;
ffmpeg*)
    run "$@" -v error -f lavfi -i testsrc=d=0.4:s=160x120 -f lavfi -i sine=d=0.4 -c:v mpeg4 -c:a aac -t 0.4 -y out.mp4 </dev/null
    run "$@" -v error -i out.mp4 -vf scale=80:60 -f null - </dev/null
    run "$@" -v error -f lavfi -i testsrc=d=0.2:s=96x64 -c:v libx264 -preset fast -y out.mkv </dev/null
    run "$@" -v error -i out.mkv -f framecrc - </dev/null ;;
rclone*)
    mkdir src && cp text other src
    RCLONE_CONFIG=$PWD/c run "$@" hashsum sha256 src | sort
    RCLONE_CONFIG=$PWD/c run "$@" hashsum crc32 src | sort
    RCLONE_CONFIG=$PWD/c run "$@" copy src dst && cmp src/text dst/text
    RCLONE_CONFIG=$PWD/c run "$@" obscure secret >/dev/null ;;
restic*)
    export RESTIC_PASSWORD=x HOME="$PWD"
    run "$@" init -q -r repo && run "$@" -q -r repo backup text other && run "$@" -q -r repo check && run "$@" -q -r repo restore latest --target out
    find out -name text -exec cmp text {} \; ;;
caddy*)
    printf ':8080 {\nrespond "hi"\nfile_server\nencode gzip\n}\n' >Caddyfile
    HOME=$PWD run "$@" adapt --config Caddyfile 2>/dev/null
    HOME=$PWD run "$@" fmt Caddyfile || true
    HOME=$PWD run "$@" hash-password --plaintext x >/dev/null ;;
gh*)
    HOME=$PWD run "$@" completion -s bash
    HOME=$PWD GH_NO_UPDATE_NOTIFIER=1 run "$@" config set editor vi && HOME=$PWD run "$@" config list
    HOME=$PWD run "$@" help environment >/dev/null ;;
age*)
    printf '# k\nAGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SJ3X7P9\n' >key
    run "$@" -r age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p -o out.age text
    head -c 60 out.age | head -1 ;;
hugo*)
    HOME=$PWD run "$@" new site s >/dev/null && cd s && mkdir -p layouts/_default content && echo '{{ .Title }} {{ .Content }} {{ "x" | sha256 }}' >layouts/_default/single.html && cp layouts/_default/single.html layouts/_default/list.html && printf -- '---\ntitle: T\n---\n# hi *there*\n```go\nfunc main() {}\n```\n' >content/a.md
    HOME=$PWD run "$@" --quiet && cat public/a/index.html ;;
minify*)
    run "$@" --type js <work.js; run "$@" --type css <<'END'
a { color : #ff0000 ; margin : 0 0 0 0 } /* x */ b>c { background-color: white; }
END
    run "$@" --type json <<'END'
{ "a" : [ 1.0 , 2e3 ] }
END
    ;;
b3sum*) run "$@" text other && run "$@" --no-mmap <text ;;
fd*) mkdir -p p/q && touch p/a.js p/q/b.ts && run "$@" --color never -e js -e ts . p | sort && run "$@" --color never '^[ab]\.' p | sort ;;
python*)
    PYTHONHOME= PYTHONDONTWRITEBYTECODE=1 run "$@" -I -S -c 'import _sha256, _md5, zlib
x = {"k%d" % (i % 97): i for i in range(20000)}
print(_sha256.sha256(b"x" * 99999).hexdigest(), _md5.md5(b"y" * 999).hexdigest(), zlib.crc32(b"z" * 9999), sum(x.values()), ("déjà" * 1000).encode().count(b"\xc3"), pow(3, 10 ** 9, 10 ** 9 + 7), 3 ** 500, sorted(x)[3], hash(1.5), "%.17g" % (sum(i ** 0.5 for i in range(999))))' ;;
jq*) printf '[%s]' "$(seq -s, 1 500)" | run "$@" -c 'map({a: ., b: (. * 1.5 | floor), c: tostring}) | group_by(.a % 7) | map(length), (tojson | length), ("x1y22" | test("[0-9]+"))' ;;
gawk*) run "$@" '{ n[length($1)] += NF; s = s substr($3, 1, 1) } /l[a-z]zy/ { c++ } END { for (i = 0; i < 12; i++) if (i in n) print i, n[i]; print c, length(s), sqrt(2), toupper("déjà"), gensub(/a(b)/, "\\1", "g", "abab") }' text ;;
zstd*) run "$@" -q -k -9 text && run "$@" -q -d -c text.zst | cmp - text && run "$@" -q -k -15 --long other && run "$@" -q -t other.zst && run "$@" -q -1 -c text | wc -c ;;
qemu-aarch64-static*) run "$@" "$inputs/hello.arm64" ;;
qemu-x86_64-static*) run "$@" "$inputs/hello.amd64" ;;
ldconfig*) mkdir -p r/lib r/etc && cp "$inputs/libempty.so" r/lib/libempty.so.1 && run "$@" -r r -f /etc/ld.so.conf -X >/dev/null 2>&1; run "$@" -r r -p | head -1 ;;
e2fsck*) truncate -s 4M d.img && mke2fs -q -F -U 6b1e1a0e-3f4b-4f4c-9d35-1f7f3ad2a111 d.img && run "$@" -f -n d.img >/dev/null 2>&1 && run "$@" -f -y -D d.img >/dev/null 2>&1 || test $? -le 1 ;;
tini*) run "$@" -- "$inputs/hello.native" ;;
sash*) run "$@" -c '-ls -l text; -sum text; -grep lazy text' >/dev/null; run "$@" -c '-sum text' ;;
bash*) run "$@" -c 'declare -A a; for i in {1..3000}; do k=w$((i * 7919 % 97)); a[$k]=$((${a[$k]:-0} + i)); done; s=; for k in "${!a[@]}"; do s+=$k; done; [[ $s =~ w(9+)w ]] && echo ${BASH_REMATCH[1]} ${#s}; printf "%s %q %(%Y)T\n" "${s:3:9}" "a b" 0; mapfile -t l <text; echo ${#l[@]} ${l[7]^^} | head -c 90; read -r x <other; echo "${x//lazy/busy}"; case $x in *dog*) echo dog;; esac; echo $((3**30)) {a..e}' ;;
zsh*) run "$@" -f -c 'typeset -A a; for i in {1..2000}; do k=w$((i * 7919 % 97)); (( a[$k] += i )); done; print ${#a} ${(j:,:)${(ok)a}[1,5]}; s=$(<text); print ${#s} ${s[1,30]}; [[ $s == *lazy* ]] && print yes; print ${(s: :):-a b c} $(( 2.0 ** 0.5 ))' ;;
busybox*)
    for applet in md5sum sha1sum sha256sum sha512sum sha3sum crc32 wc; do run "$@" $applet text; done
    run "$@" awk '{ n += length($2); x[$1]++ } END { print n, length(x), substr("hello", 2, 3), toupper("abc") }' text
    run "$@" sed -n 's/\([a-z]*\)9\([0-9]*\)/\2\1/gp' text | run "$@" tail -n 2
    run "$@" gzip -c text | run "$@" gunzip -c | run "$@" cmp - text
    run "$@" bzip2 -c text | run "$@" bunzip2 -c | run "$@" md5sum
    run "$@" tar cf x.tar text other && run "$@" tar tf x.tar && run "$@" xz -d -c /dev/null || true
    run "$@" sort -r text | run "$@" uniq -c | run "$@" head -n 1
    run "$@" grep -c 'l.zy d[no]g' text; run "$@" base64 text | run "$@" sha1sum; run "$@" ash -c 'i=0; while [ $i -lt 500 ]; do i=$((i + 1)); done; echo $i ${PATH:+p}'
    run "$@" find . -name t*; run "$@" diff text text; run "$@" od -A x -t x1 text | run "$@" head -n 3; run "$@" bc <<'END'
2^200 % 1000007
END
    ;;
ruff*)
    run "$@" check --isolated --no-cache --select ALL --exit-zero --output-format concise app.py 2>/dev/null
    run "$@" format --isolated --no-cache -q app.py
    cat app.py ;;
uv*)
    export UV_OFFLINE=1 UV_CACHE_DIR="$PWD/c" HOME="$PWD" UV_NO_CONFIG=1 UV_PYTHON=/usr/bin/python3
    run "$@" -q init --bare --name x --no-workspace p && run "$@" -q venv v && test -x v/bin/python
    printf 'x\n' | run "$@" -q pip compile --no-index - >/dev/null 2>&1 || test $? -eq 1
    run "$@" -q lock --project p && cat p/uv.lock ;;
zig*)
    printf 'const std=@import("std");\npub fn main() void { var x:u32=1; x+=2; std.debug.print("{d} {s}\\n",.{x,"déjà"}); }\nfn f(comptime T: type, a: []const T) T { var s: T = 0; for (a) |v| { s += v; } return s; }\n' >a.zig
    run "$@" fmt a.zig >/dev/null && cat a.zig && run "$@" ast-check a.zig
    run "$@" ar rc x.a text && run "$@" ar t x.a ;;
typos*) printf 'teh quick recieve\nfoo = "langauge"\n' >t.txt; run "$@" --isolated --format brief t.txt text || test $? -eq 2 ;;
maturin*) HOME=$PWD run "$@" new -b pyo3 --name abc proj >/dev/null && run "$@" generate-ci github -m proj/Cargo.toml | head -20 ;;
*) echo "no workload for $name" >&2; exit 99 ;;
esac

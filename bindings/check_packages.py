"""Builds the npm package and the jar, puts each where a program of its ecosystem would have it, and runs a program there with
nothing in the environment that would help it to find the library. Exits with 77 (CTest: skipped) if a tool is missing or
there is no network.

    python3 check_packages.py BUILD
"""
import os
import re
import sys
import tempfile
import zipfile

from checks import need, run

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_") and name != "LD_LIBRARY_PATH"}
NODE_PROGRAM = """
const stator = require('stator')
new stator.Database().call('ListTables').then((tables) => {
  console.log(JSON.stringify(tables))
  console.log(require('node:fs').readFileSync('/proc/self/maps', 'utf8'))
})
"""
JAVA_PROGRAM = """
public class Program {
  public static void main(String[] arguments) throws Exception {
    try (stator.Database database = stator.Database.openInMemory()) {
      System.out.println(new String(database.request("ListTables", new byte[] {'{', '}'}, null).body));
      System.out.println(java.nio.file.Files.readString(java.nio.file.Path.of("/proc/self/maps")));
    }
  }
}
"""


def build(kind, folder, pattern):
    run(os.path.join(HERE, kind, "build_package"), folder, sys.argv[1])
    (made,) = [name for name in os.listdir(folder) if re.fullmatch(pattern, name)]
    return os.path.join(folder, made)


def expect_own_libraries(said, folder):
    """Checks that the program got a reply, and that it loaded every library from the package in `folder`."""
    if not said.startswith('{"TableNames":[]}'):
        raise SystemExit(said)
    loaded = {line.split(None, 5)[5] for line in said.splitlines() if re.search(r"/lib(rocksdb|stator|simdjson|snappy)[^/]*\.so", line)}
    if len(loaded) < 4 or any(not path.startswith(folder) for path in loaded):
        raise SystemExit("the libraries are not the package's own: %s" % sorted(loaded))


def check_npm(folder):
    package = build("node", folder, r"stator-[\d.]+\.tgz")
    modules = os.path.join(folder, "node_modules")
    os.mkdir(modules)
    run("tar", "-xzf", package, "-C", modules)
    os.rename(os.path.join(modules, "package"), os.path.join(modules, "stator"))
    expect_own_libraries(run("node", "-e", NODE_PROGRAM, cwd=folder, env=ENVIRONMENT), modules)
    licences = os.listdir(os.path.join(modules, "stator", "native", "licenses"))
    if not {"stator.txt", "librocksdb7.8.txt", "libmd0.txt", "libxxhash0.txt"} <= set(licences):
        raise SystemExit("licences are missing: there are %s" % sorted(licences))


def check_jar(folder):
    jar = build("java", folder, r"stator-[\d.]+-linux-\w+\.jar")
    with open(os.path.join(folder, "Program.java"), "w", encoding="utf-8") as file:
        file.write(JAVA_PROGRAM)
    run("javac", "-cp", jar, "-d", folder, os.path.join(folder, "Program.java"))
    scratch = os.path.join(folder, "scratch")
    os.mkdir(scratch)
    said = run("java", "-Djava.io.tmpdir=" + scratch, "-cp", folder + os.pathsep + jar, "Program", cwd=folder, env=ENVIRONMENT)
    expect_own_libraries(said, scratch)
    if os.listdir(scratch):
        raise SystemExit("left behind: %s" % os.listdir(scratch))
    if "META-INF/licenses/librocksdb7.8.txt" not in zipfile.ZipFile(jar).namelist():
        raise SystemExit("licences are missing in the jar")


need("npm", "node", "javac", "mvn", "cc")
for check in (check_npm, check_jar):
    with tempfile.TemporaryDirectory() as temporary:
        check(os.path.realpath(temporary))
print("the npm package and the jar stand on themselves")

"""Tests cmake --install into a prefix that is moved afterwards, and programs outside the project that are built on it: with find_package
on the shared and the static library, and with pkg-config in C and C++.

    python3 install_test.py BUILD
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(sys.argv.pop(1))

C_PROGRAM = r"""
#include <stator/stator_c.h>
#include <stdio.h>
int main(void) {
  char *error = NULL;
  stator_database *database = stator_open("{}", NULL, NULL, &error);
  if (database == NULL || stator_abi_version() != STATOR_ABI_VERSION) return 1;
  stator_reply reply;
  stator_call(database, "ListTables", NULL, "{}", 2, &reply);
  printf("C %d %s\n", (int)reply.http_status, reply.body);
  stator_reply_free(&reply);
  stator_close(database);
  return 0;
}
"""
CPP_PROGRAM = r"""
#include <stator/stator.h>
#include <iostream>
int main() {
  stator::Database database = stator::Database::open_in_memory();
  const stator::Result result = database.call("ListTables", "{}");
  std::cout << "C++ " << result.http_status << " " << result.body << "\n";
  const stator::Result missing = database.call("DescribeTable", R"({"TableName":"missing"})");
  std::cout << missing.http_status << " " << missing.error_type << "\n";
  try {
    stator::OpenOptions options;
    options.directory = "/dev/null/data";
    stator::Database::open(options);
  } catch (const std::runtime_error&) {  // thrown inside the library, caught out here
    std::cout << "refused\n";
  }
}
"""
CPP_OUTPUT = 'C++ 200 {"TableNames":[]}\n400 ResourceNotFoundException\nrefused\n'
C_OUTPUT = 'C 200 {"TableNames":[]}\n'
CMAKE_PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(stator 0.1 REQUIRED COMPONENTS static)
add_executable(shared_c program.c)
target_link_libraries(shared_c PRIVATE stator::stator)
add_executable(shared program.cpp)
target_link_libraries(shared PRIVATE stator::stator)
add_executable(static program.cpp)
target_link_libraries(static PRIVATE stator::stator_static)
"""
# As in docs/embedding.md, with the name of one of our examples.
CMAKE_PARENT = """
cmake_minimum_required(VERSION 3.25)
project(around LANGUAGES CXX)
enable_testing()
add_subdirectory("%s" stator EXCLUDE_FROM_ALL)
add_executable(embed program.cpp)
target_link_libraries(embed PRIVATE stator::stator stator::wrappers)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError("%s: status %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        first = os.path.join(cls.folder, "first")
        run("cmake", "--install", BUILD, "--prefix", first)
        cls.prefix = os.path.join(cls.folder, "moved here")
        os.rename(first, cls.prefix)
        cls.lib = next(os.path.dirname(path) for path in cls.files("libstator.so"))
        for name, text in (("program.c", C_PROGRAM), ("program.cpp", CPP_PROGRAM)):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
                file.write(text)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def files(cls, ending):
        return [os.path.join(folder, name) for folder, _, names in os.walk(cls.prefix) for name in names
                if os.path.join(folder, name).endswith(ending)]

    def test_everything_is_there(self):
        for ending in ("/bin/stator", "/man1/stator.1", "/bash-completion/completions/stator", "/zsh/vendor-completions/_stator",
                       "/fish/vendor_completions.d/stator.fish", "/share/stator/models/shop/table.json",
                       "/include/stator/stator.h", "/include/stator/stator_c.h", "/include/stator/export.h", "/libstator.a",
                       "/libstator.so", "/libstator.so.1", "/pkgconfig/stator.pc", "/cmake/stator/stator-config.cmake"):
            self.assertEqual(len(self.files(ending)), 1, ending)

    def test_nothing_installed_tells_of_the_place_where_it_was_built(self):
        for ending in (".cmake", ".pc", ".h", "/stator", "/_stator", ".fish"):
            for path in self.files(ending):
                if path.endswith("/bin/stator"):
                    continue
                with open(path, encoding="utf-8") as file:
                    self.assertNotIn(PROJECT, file.read(), path)

    def test_the_program_finds_its_models(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")}
        shown = run(self.files("/bin/stator")[0], "ddb", "patterns", "--help", cwd=self.folder, env=environment)
        self.assertIn("get-conversation", shown)

    def test_programs_are_built_with_cmake(self):
        source = os.path.join(self.folder, "outside")
        os.mkdir(source)
        for name in ("program.c", "program.cpp"):
            shutil.copy(os.path.join(self.folder, name), source)
        with open(os.path.join(source, "CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(CMAKE_PROJECT)
        build = os.path.join(self.folder, "outside build")
        run("cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_PREFIX_PATH=" + self.prefix)
        run("cmake", "--build", build)
        self.assertEqual(run(os.path.join(build, "shared_c")), C_OUTPUT)
        self.assertEqual(run(os.path.join(build, "shared")), CPP_OUTPUT)
        self.assertEqual(run(os.path.join(build, "static")), CPP_OUTPUT)
        self.assertNotIn("libstator", run("ldd", os.path.join(build, "static")))

    def test_a_project_around_it_has_its_own_tests_and_names(self):
        source = os.path.join(self.folder, "around")
        os.mkdir(source)
        shutil.copy(os.path.join(self.folder, "program.cpp"), source)
        with open(os.path.join(source, "CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(CMAKE_PARENT % PROJECT)
        build = os.path.join(source, "build")
        run("cmake", "-G", "Ninja", "-S", source, "-B", build)
        self.assertIn("Total Tests: 0", run("ctest", "-N", "--test-dir", build))

    def test_programs_are_built_with_pkg_config(self):
        environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.lib, "pkgconfig")}
        self.assertEqual(run("pkg-config", "--modversion", "stator", env=environment).count("."), 2)
        for name, command, expected in (("program.c", "cc -std=c11", C_OUTPUT), ("program.cpp", "c++ -std=c++20", CPP_OUTPUT)):
            program = os.path.join(self.folder, "with pkg-config")
            # eval: pkg-config escapes the blank in the prefix for the shell.
            run("sh", "-c", 'eval "%s \\"\\$1\\" $(pkg-config --cflags --libs stator) -o \\"\\$2\\""' % command, "sh",
                os.path.join(self.folder, name), program, env=environment)
            self.assertEqual(run(program, env={**os.environ, "LD_LIBRARY_PATH": self.lib}), expected)

    def test_the_library_shows_its_interface_and_nothing_else(self):
        shown = run("nm", "-D", "--defined-only", "-C", os.path.join(self.lib, "libstator.so"))
        names = [line.split(" ", 2)[2] for line in shown.splitlines()]
        with open(os.path.join(PROJECT, "include", "stator", "stator_c.h"), encoding="utf-8") as file:
            declared = set(re.findall(r"STATOR_API [^;]*?\b(stator_\w+)\(", file.read()))
        self.assertGreater(len(declared), 15)
        self.assertEqual({name for name in names if name.startswith("stator_")}, declared)
        for name in names:
            self.assertRegex(name, r"^(stator_\w+|stator::Database::.*|stator::version\(\)|(vtable|typeinfo|typeinfo name) for stator::(Database|Endpoint))$")

    def test_the_library_stands_on_little(self):
        needed = re.findall(r"NEEDED.*\[(.*?)\]", run("readelf", "-d", os.path.join(self.lib, "libstator.so")))
        allowed = r"^(librocksdb|libsimdjson|libstdc\+\+|libgcc_s|libc|libm|ld-linux-.*|libz|libzstd|libxxhash|libmd|libpthread)\.so"
        for name in needed:
            self.assertRegex(name, allowed)
        # It contains neither the AWS client, libpq and the command line, nor the libraries that these load on first use.
        with open(os.path.join(self.lib, "libstator.so"), "rb") as file:
            contents = file.read()
        for text in (b"libcurl.so", b"libpq.so", b"libssl.so", b"libedit.so", b"AWS_PROFILE"):
            self.assertNotIn(text, contents)


if __name__ == "__main__":
    unittest.main()

"""Tests the Java binding: compiles its native half and, with Maven, its classes, then runs the programs in
src/test/java/stator. Exits with 77 (CTest: skipped) if there is no JDK or no Maven, or if the SDK cannot be downloaded.

    STATOR_LIBRARY=…/libstator.so python3 run_tests.py TARGET
"""
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
from checks import need, run  # noqa: E402

need("javac", "mvn", "cc")
java_home = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("javac"))))
library = os.path.abspath(os.environ["STATOR_LIBRARY"])
target = sys.argv[1]
os.makedirs(target, exist_ok=True)
jni = os.path.join(target, "libstator_jni.so")
native_half = ("cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I" + os.path.join(java_home, "include"),
               "-I" + os.path.join(java_home, "include", "linux"), "-I" + os.path.join(PROJECT, "include"),
               os.path.join(HERE, "src", "main", "c", "stator_jni.c"))
run(*native_half, library, "-Wl,-rpath," + os.path.dirname(library), "-o", jni)
# Maven works on a copy, as it writes beside the sources. The checks are compiled here, so that they need no test framework.
project = os.path.join(target, "project")
shutil.copytree(HERE, project, dirs_exist_ok=True)
run("mvn", "--batch-mode", "--quiet", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath.txt", cwd=project)
with open(os.path.join(project, "classpath.txt"), encoding="utf-8") as text:
    classpath = os.pathsep.join([os.path.join(project, "target", "classes"), text.read().strip()])
checks = os.path.join(target, "checks")
run("javac", "-encoding", "UTF-8", "-cp", classpath, "-d", checks,
    *(os.path.join(HERE, "src", "test", "java", "stator", name) for name in ("SdkCheck.java", "RequestCheck.java", "ExtensionCheck.java")))
without_sdk = os.pathsep.join([checks, os.path.join(project, "target", "classes")])
# If the JVM prefers IPv6, its loopback address is not the one that `Everywhere` uses.
for preference in ("false", "true"):
    print(run("java", "-Djava.net.preferIPv6Addresses=" + preference, "-cp", without_sdk, "stator.RequestCheck", env={**os.environ, "STATOR_JNI": jni}))
with tempfile.TemporaryDirectory() as temporary:
    # A library of another version, of which no other function may be called.
    with open(os.path.join(PROJECT, "include", "stator", "stator_c.h"), encoding="utf-8") as header:
        functions = re.findall(r"STATOR_API [^;(]*?(\w+)\(", header.read())
    with open(os.path.join(temporary, "other.c"), "w", encoding="utf-8") as source:
        source.writelines("int %s(void) { return 7; }\n" % function for function in functions)
    run("cc", "-shared", "-fPIC", "-Wl,-soname,libother.so", os.path.join(temporary, "other.c"), "-o", os.path.join(temporary, "libother.so"))
    run(*native_half, os.path.join(temporary, "libother.so"), "-Wl,-rpath," + temporary, "-o", os.path.join(temporary, "other_jni.so"))
    nowhere = os.path.join(temporary, "nowhere.so")
    for options, named, reason in (
            ((), os.path.join(temporary, "other_jni.so"), "the library has version 7 of its interface, this package wants 1"),
            ((), nowhere, nowhere),
            (("-Dos.arch=abacus",), "", "there is no library for linux-abacus in its jar, and no stator_jni in java.library.path")):
        run("java", *options, "-cp", without_sdk, "stator.RequestCheck", reason, env={**os.environ, "STATOR_JNI": named})
print(run("java", "-cp", checks + os.pathsep + classpath, "stator.ExtensionCheck", env={**os.environ, "STATOR_JNI": jni}))
with tempfile.TemporaryDirectory() as temporary:
    # -Xcheck:jni makes the JVM report faults of native code. On a small machine the common pool would have no threads to
    # occupy.
    said = run("java", "-Xcheck:jni", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2", "-Dfile.encoding=UTF-8",
               "-Dsun.jnu.encoding=UTF-8", "-Djava.io.tmpdir=" + temporary, "-cp", checks + os.pathsep + classpath, "stator.SdkCheck",
               env={**os.environ, "STATOR_JNI": jni, "LC_ALL": "C.UTF-8"})
print(said)
if "checks passed" not in said or "FATAL ERROR in native method" in said:
    raise SystemExit(1)

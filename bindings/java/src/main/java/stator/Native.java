package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** libstator_jni.so. Texts go over as bytes of UTF-8. */
final class Native {
  static final int ABI_VERSION = 1;
  private static final String LIBRARY = "libstator_jni.so";

  static {
    final String named = System.getenv("STATOR_JNI");
    if (named != null && !named.isEmpty()) {
      System.load(named);
    } else if (!loadOwn()) {
      System.loadLibrary("stator_jni");
    }
    if (abiVersion() != ABI_VERSION) throw new UnsatisfiedLinkError("libstator.so is of another version");
  }

  private Native() {}

  /** Loads the library of the jar and what it stands on, which lie in files for so long; false where it has none for this machine. */
  private static boolean loadOwn() {
    final String folder = "native/" + System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + System.getProperty("os.arch") + "/";
    final List<Path> files = new ArrayList<>();
    try (InputStream list = Native.class.getResourceAsStream(folder + "files")) {
      if (list == null) return false;
      final Path directory = Files.createTempDirectory("stator");
      files.add(directory);
      for (final String name : new String(list.readAllBytes(), UTF_8).split("\n")) {
        final Path file = directory.resolve(name);
        files.add(0, file);
        try (InputStream library = Native.class.getResourceAsStream(folder + name)) {
          Files.copy(library, file);
        }
      }
      System.load(directory.resolve(LIBRARY).toString());
      return true;
    } catch (IOException | UnsatisfiedLinkError fault) {
      final UnsatisfiedLinkError error =
          new UnsatisfiedLinkError(
              "stator: cannot load its library from java.io.tmpdir (it is for Linux with glibc 2.36 or later, and the directory must not be mounted noexec): "
                  + fault.getMessage());
      error.initCause(fault);
      throw error;
    } finally {
      // What is loaded stays in memory.
      for (final Path file : files) file.toFile().delete();
    }
  }

  /** What the native half throws: JNI's own way to do so takes another encoding. */
  static IllegalStateException fault(byte[] line) {
    return new IllegalStateException(new String(line, UTF_8));
  }

  /** Tells a line to the log, whose faults are its thread's. */
  static void tell(Consumer<String> log, byte[] line) {
    try {
      log.accept(new String(line, UTF_8));
    } catch (RuntimeException | Error fault) {
      final Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, fault);
    }
  }

  /** -1 where the library is of another version than the one that this was compiled for. */
  static native int abiVersion();

  /** The log may be null; it is told lines for as long as somebody else holds it. */
  static native long open(byte[] options, Consumer<String> log);

  static native void close(long handle);

  /** {status as text, error type, error message, body, milliseconds to hold it back as text}. */
  static native byte[][] call(long handle, byte[] target, byte[] region, byte[] body);

  static native void saveSnapshot(long handle, byte[] name);

  static native void restoreSnapshot(long handle, byte[] name);

  static native void dropSnapshot(long handle, byte[] name);

  static native byte[] snapshots(long handle);

  static native void reset(long handle);

  static native void simulate(long handle, byte[] rules);

  static native byte[] simulated(long handle);

  static native long clock(long handle);

  static native void setClock(long handle, long nowMs);

  static native void advanceClock(long handle, long byMs);
}

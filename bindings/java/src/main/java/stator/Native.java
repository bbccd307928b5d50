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

/** The native methods in libstator_jni.so. Texts are passed as UTF-8 bytes. */
final class Native {
  static final int ABI_VERSION = 1;
  private static final String LIBRARY = "libstator_jni.so";

  /**
   * Why the library is not loaded; null if it is. Kept, as the JVM would report the reason only once, and afterwards that this class cannot be
   * initialized.
   */
  private static final UnsatisfiedLinkError FAULT = load();

  private static UnsatisfiedLinkError load() {
    final String named = System.getenv("STATOR_JNI");
    try {
      if (named != null && !named.isEmpty()) {
        System.load(named);
      } else if (!loadOwn()) {
        loadInstalled();
      }
      if (abiVersion() == ABI_VERSION) return null;
      return new UnsatisfiedLinkError("stator: the library has version " + abiVersion() + " of its interface, this package wants " + ABI_VERSION);
    } catch (UnsatisfiedLinkError fault) {
      return fault;
    }
  }

  private static void loadInstalled() {
    try {
      System.loadLibrary("stator_jni");
    } catch (UnsatisfiedLinkError fault) {
      throw caused("stator: there is no library for " + machine() + " in its jar, and " + fault.getMessage(), fault);
    }
  }

  /** Throws if the library is not loaded. */
  static void check() {
    if (FAULT != null) throw caused(FAULT.getMessage(), FAULT);
  }

  private static UnsatisfiedLinkError caused(String message, Throwable cause) {
    final UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
    error.initCause(cause);
    return error;
  }

  /** This machine as in the names of the jar's folders: "linux-amd64". */
  private static String machine() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + System.getProperty("os.arch");
  }

  private Native() {}

  /** Loads the library in the jar and those that it depends on, from temporary files; false if the jar has none for this machine. */
  private static boolean loadOwn() {
    final String folder = "native/" + machine() + "/";
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
      throw caused(
          "stator: cannot load its library from java.io.tmpdir (it is for Linux with glibc 2.36 or later, and the directory must not be mounted noexec): "
              + fault.getMessage(),
          fault);
    } finally {
      // Loaded libraries stay in memory without their files.
      for (final Path file : files) file.toFile().delete();
    }
  }

  /** The exception that native code throws. JNI's own function for that expects another encoding. */
  static IllegalStateException fault(byte[] line) {
    return new IllegalStateException(new String(line, UTF_8));
  }

  /** Passes a line to the log. Exceptions of the log go to the thread's handler for uncaught exceptions. */
  static void tell(Consumer<String> log, byte[] line) {
    try {
      log.accept(new String(line, UTF_8));
    } catch (RuntimeException | Error fault) {
      final Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, fault);
    }
  }

  static native int abiVersion();

  static native byte[] version();

  /** The log may be null. It is called only as long as something else keeps it reachable. */
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

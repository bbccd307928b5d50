package stator;

import static java.nio.charset.StandardCharsets.UTF_8;

/** libstator_jni.so. Texts go over as bytes of UTF-8. */
final class Native {
  static final int ABI_VERSION = 1;

  static {
    final String named = System.getenv("STATOR_JNI");
    if (named != null && !named.isEmpty()) {
      System.load(named);
    } else {
      System.loadLibrary("stator_jni");
    }
    if (abiVersion() != ABI_VERSION) throw new UnsatisfiedLinkError("libstator.so is of another version");
  }

  private Native() {}

  /** What the native half throws: JNI's own way to do so takes another encoding. */
  static IllegalStateException fault(byte[] line) {
    return new IllegalStateException(new String(line, UTF_8));
  }

  /** -1 where the library is of another version than the one that this was compiled for. */
  static native int abiVersion();

  static native long open(byte[] options);

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

/* include/stator/stator_c.h for Java: the native methods of stator.Native. */
#include <jni.h>
#include <stator/stator_c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void throw_out_of_memory(JNIEnv *env) {
  jclass type = (*env)->FindClass(env, "java/lang/OutOfMemoryError");
  if (type != NULL) (*env)->ThrowNew(env, type, "stator");
}

static jbyteArray make_bytes(JNIEnv *env, const char *text, size_t size) {
  jbyteArray bytes = (*env)->NewByteArray(env, (jsize)size);
  if (bytes != NULL) (*env)->SetByteArrayRegion(env, bytes, 0, (jsize)size, (const jbyte *)text);
  return bytes;
}

/* Throws Native.fault with a line from the library, and frees the line. */
static void throw_and_free(JNIEnv *env, jclass native, char *message) {
  if (message == NULL) {
    throw_out_of_memory(env);
    return;
  }
  jmethodID fault = (*env)->GetStaticMethodID(env, native, "fault", "([B)Ljava/lang/IllegalStateException;");
  jbyteArray line = fault == NULL ? NULL : make_bytes(env, message, strlen(message));
  stator_free(message);
  jobject made = line == NULL ? NULL : (*env)->CallStaticObjectMethod(env, native, fault, line);
  if (made != NULL && !(*env)->ExceptionCheck(env)) (*env)->Throw(env, (jthrowable)made);
}

/* Texts are passed as UTF-8 bytes, as JNI's own encoding is another one. */
static char *copy_bytes(JNIEnv *env, jbyteArray bytes, size_t *size) {
  const jsize length = bytes == NULL ? 0 : (*env)->GetArrayLength(env, bytes);
  char *copy = malloc((size_t)length + 1);
  if (copy == NULL) {
    throw_out_of_memory(env);
    return NULL;
  }
  if (length > 0) (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)copy);
  copy[length] = '\0';
  if (size != NULL) *size = (size_t)length;
  return copy;
}

/* What a handle in Java points to. */
struct opened {
  stator_database *database;
  /* For the log: a Consumer, and stator.Native, which calls it; NULL without one. Only the Database keeps the Consumer reachable. A reference from
     here would do so for ever, and with it the Database, if the Consumer refers to that. */
  JavaVM *machine;
  jweak log;
  jclass native;
  jmethodID tell;
};

static struct opened *opened_of(jlong handle) { return (struct opened *)(intptr_t)handle; }

static stator_database *handle_of(jlong handle) { return opened_of(handle)->database; }

static void free_opened(JNIEnv *env, struct opened *opened) {
  if (opened->log != NULL) (*env)->DeleteWeakGlobalRef(env, opened->log);
  if (opened->native != NULL) (*env)->DeleteGlobalRef(env, opened->native);
  free(opened);
}

/* A stator_log_function. The library's threads are not attached to the JVM. */
static void take_line(void *context, const char *line, size_t size) {
  const struct opened *opened = context;
  JNIEnv *env = NULL;
  const jint found = (*opened->machine)->GetEnv(opened->machine, (void **)&env, JNI_VERSION_1_8);
  if (found == JNI_EDETACHED && (*opened->machine)->AttachCurrentThreadAsDaemon(opened->machine, (void **)&env, NULL) != JNI_OK) {
    return;
  }
  jobject log = (*env)->NewLocalRef(env, opened->log);
  jbyteArray bytes = log == NULL ? NULL : make_bytes(env, line, size);
  if (bytes != NULL) {
    (*env)->CallStaticVoidMethod(env, opened->native, opened->tell, log, bytes);
    (*env)->DeleteLocalRef(env, bytes);
  }
  if (log != NULL) (*env)->DeleteLocalRef(env, log);
  /* Native.tell throws nothing, so this was a lack of memory. */
  if ((*env)->ExceptionCheck(env)) (*env)->ExceptionClear(env);
  if (found == JNI_EDETACHED) (*opened->machine)->DetachCurrentThread(opened->machine);
}

/* Returns false, with an exception thrown, on failure. */
static int set_log(JNIEnv *env, jclass type, struct opened *opened, jobject log) {
  opened->tell = (*env)->GetStaticMethodID(env, type, "tell", "(Ljava/util/function/Consumer;[B)V");
  if (opened->tell == NULL) return 0;
  opened->log = (*env)->NewWeakGlobalRef(env, log);
  opened->native = (*env)->NewGlobalRef(env, type);
  if (opened->log != NULL && opened->native != NULL && (*env)->GetJavaVM(env, &opened->machine) == JNI_OK) return 1;
  throw_out_of_memory(env);
  return 0;
}

JNIEXPORT jint JNICALL Java_stator_Native_abiVersion(JNIEnv *env, jclass type) {
  _Static_assert(STATOR_ABI_VERSION == 1, "stator.Native is for this version");
  (void)env, (void)type;
  return (jint)stator_abi_version();
}

JNIEXPORT jbyteArray JNICALL Java_stator_Native_version(JNIEnv *env, jclass type) {
  (void)type;
  return make_bytes(env, stator_version(), strlen(stator_version()));
}

JNIEXPORT jlong JNICALL Java_stator_Native_open(JNIEnv *env, jclass type, jbyteArray options, jobject log) {
  char *text = copy_bytes(env, options, NULL);
  if (text == NULL) return 0;
  struct opened *opened = calloc(1, sizeof *opened);
  if (opened == NULL) throw_out_of_memory(env);
  if (opened != NULL && (log == NULL || set_log(env, type, opened, log))) {
    char *error = NULL;
    opened->database = stator_open(text, log == NULL ? NULL : take_line, opened, &error);
    if (opened->database == NULL) throw_and_free(env, type, error);
  }
  free(text);
  if (opened != NULL && opened->database == NULL) {
    free_opened(env, opened);
    opened = NULL;
  }
  return (jlong)(intptr_t)opened;
}

JNIEXPORT void JNICALL Java_stator_Native_close(JNIEnv *env, jclass type, jlong handle) {
  (void)type;
  struct opened *opened = opened_of(handle);
  if (opened == NULL) return;
  stator_close(opened->database);
  free_opened(env, opened);
}

/* {status as text, error type, error message, body, milliseconds to hold it back as text}, each as bytes. */
JNIEXPORT jobjectArray JNICALL Java_stator_Native_call(JNIEnv *env, jclass type, jlong handle, jbyteArray target,
                                                       jbyteArray region, jbyteArray body) {
  (void)type;
  jobjectArray parts = NULL;
  size_t size = 0;
  char *target_text = copy_bytes(env, target, NULL);
  char *region_text = target_text == NULL || region == NULL ? NULL : copy_bytes(env, region, NULL);
  char *body_text = (*env)->ExceptionCheck(env) ? NULL : copy_bytes(env, body, &size);
  if (body_text != NULL) {
    stator_reply reply;
    stator_call(handle_of(handle), target_text, region_text, body_text, size, &reply);
    char status[16];
    char hold_ms[16];
    snprintf(status, sizeof status, "%d", (int)reply.http_status);
    snprintf(hold_ms, sizeof hold_ms, "%u", (unsigned)reply.hold_ms);
    const char *const texts[] = {status, reply.error_type, reply.error_message, reply.body, hold_ms};
    jclass bytes = (*env)->FindClass(env, "[B");
    if (bytes != NULL) parts = (*env)->NewObjectArray(env, 5, bytes, NULL);
    for (jsize i = 0; parts != NULL && i < 5; ++i) {
      jbyteArray part = make_bytes(env, texts[i], i == 3 ? reply.body_bytes : strlen(texts[i]));
      if (part == NULL) break;
      (*env)->SetObjectArrayElement(env, parts, i, part);
      (*env)->DeleteLocalRef(env, part);
    }
    stator_reply_free(&reply);
  }
  free(target_text);
  free(region_text);
  free(body_text);
  return parts;
}

static void change(JNIEnv *env, jclass type, jlong handle, jbyteArray name,
                   int32_t (*act)(stator_database *, const char *, char **)) {
  char *text = copy_bytes(env, name, NULL);
  if (text == NULL) return;
  char *error = NULL;
  if (act(handle_of(handle), text, &error) != 0) throw_and_free(env, type, error);
  free(text);
}

JNIEXPORT void JNICALL Java_stator_Native_saveSnapshot(JNIEnv *env, jclass type, jlong handle, jbyteArray name) {
  change(env, type, handle, name, stator_save_snapshot);
}

JNIEXPORT void JNICALL Java_stator_Native_restoreSnapshot(JNIEnv *env, jclass type, jlong handle, jbyteArray name) {
  change(env, type, handle, name, stator_restore_snapshot);
}

JNIEXPORT void JNICALL Java_stator_Native_dropSnapshot(JNIEnv *env, jclass type, jlong handle, jbyteArray name) {
  change(env, type, handle, name, stator_drop_snapshot);
}

/* Returns a text from the library as bytes. */
static jbyteArray tell(JNIEnv *env, jclass type, jlong handle, char *(*ask)(stator_database *, char **)) {
  char *error = NULL;
  char *text = ask(handle_of(handle), &error);
  if (text == NULL) {
    throw_and_free(env, type, error);
    return NULL;
  }
  jbyteArray bytes = make_bytes(env, text, strlen(text));
  stator_free(text);
  return bytes;
}

JNIEXPORT jbyteArray JNICALL Java_stator_Native_snapshots(JNIEnv *env, jclass type, jlong handle) {
  return tell(env, type, handle, stator_snapshots);
}

JNIEXPORT void JNICALL Java_stator_Native_simulate(JNIEnv *env, jclass type, jlong handle, jbyteArray rules) {
  change(env, type, handle, rules, stator_simulate);
}

JNIEXPORT jbyteArray JNICALL Java_stator_Native_simulated(JNIEnv *env, jclass type, jlong handle) {
  return tell(env, type, handle, stator_simulated);
}

JNIEXPORT void JNICALL Java_stator_Native_reset(JNIEnv *env, jclass type, jlong handle) {
  char *error = NULL;
  if (stator_reset(handle_of(handle), &error) != 0) throw_and_free(env, type, error);
}

JNIEXPORT jlong JNICALL Java_stator_Native_clock(JNIEnv *env, jclass type, jlong handle) {
  (void)env, (void)type;
  return stator_clock(handle_of(handle));
}

JNIEXPORT void JNICALL Java_stator_Native_setClock(JNIEnv *env, jclass type, jlong handle, jlong now_ms) {
  char *error = NULL;
  if (stator_set_clock(handle_of(handle), now_ms, &error) != 0) throw_and_free(env, type, error);
}

JNIEXPORT void JNICALL Java_stator_Native_advanceClock(JNIEnv *env, jclass type, jlong handle, jlong by_ms) {
  char *error = NULL;
  if (stator_advance_clock(handle_of(handle), by_ms, &error) != 0) throw_and_free(env, type, error);
}

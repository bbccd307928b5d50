# Warnings in our own code are errors.
add_library(stator_flags INTERFACE)
target_compile_options(stator_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Werror)
# GCC 12 wrongly reports overlaps and overflows in std::string's own code (GCC bugs 105329, 105651).
target_compile_options(stator_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
  -Wno-stringop-overread)

# For a small binary: -O2 (-O3 only makes this code larger), and the linker drops unused functions and data.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_RELEASE "-Wl,--gc-sections -Wl,--as-needed -Wl,-O1")

if(STATOR_SANITIZE)
  # With our assertions and the standard library's, and with line numbers in reports; -O1 compiles in half the time of -O2.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
  string(REPLACE ";" "," STATOR_SANITIZE_LIST "${STATOR_SANITIZE}")
  target_compile_options(stator_flags INTERFACE -fsanitize=${STATOR_SANITIZE_LIST} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  # GCC reports more false warnings for instrumented code; in the other builds warnings stay errors.
  target_compile_options(stator_flags INTERFACE -Wno-error -Wno-maybe-uninitialized)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang does not know all of GCC's warnings.
    target_compile_options(stator_flags INTERFACE -Wno-unknown-warning-option
      -fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/ubsan_ignore.txt)
  endif()
  if("thread" IN_LIST STATOR_SANITIZE)
    # ThreadSanitizer does not support fences; with this, Asio uses none.
    target_compile_options(stator_flags INTERFACE -Wno-tsan)
    target_compile_definitions(stator_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  target_link_options(stator_flags INTERFACE -fsanitize=${STATOR_SANITIZE_LIST})
endif()

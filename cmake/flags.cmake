# Warnings are errors, for our own code.
add_library(stator_flags INTERFACE)
target_compile_options(stator_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Werror)
if(STATOR_SANITIZE)
  string(REPLACE ";" "," STATOR_SANITIZE_LIST "${STATOR_SANITIZE}")
  target_compile_options(stator_flags INTERFACE -fsanitize=${STATOR_SANITIZE_LIST} -fno-omit-frame-pointer)
  target_link_options(stator_flags INTERFACE -fsanitize=${STATOR_SANITIZE_LIST})
endif()

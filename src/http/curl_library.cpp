#include "http/curl_library.h"

#include <stdexcept>

#include "http/shared_library.h"

namespace stator::http {

namespace {

CurlLibrary load() {
  const SharedLibrary library("libcurl.so.4", "libcurl4");
  if (library.function<decltype(&curl_global_init)>("curl_global_init")(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw std::runtime_error("libcurl cannot be initialised");
  }
  return {
      .easy_init = library.function<decltype(&curl_easy_init)>("curl_easy_init"),
      .easy_cleanup = library.function<decltype(&curl_easy_cleanup)>("curl_easy_cleanup"),
      .easy_reset = library.function<decltype(&curl_easy_reset)>("curl_easy_reset"),
      .set_option = library.function<decltype(&curl_easy_setopt)>("curl_easy_setopt"),
      .get_info = library.function<decltype(&curl_easy_getinfo)>("curl_easy_getinfo"),
      .perform = library.function<decltype(&curl_easy_perform)>("curl_easy_perform"),
      .easy_send = library.function<decltype(&curl_easy_send)>("curl_easy_send"),
      .easy_receive = library.function<decltype(&curl_easy_recv)>("curl_easy_recv"),
      .error_text = library.function<decltype(&curl_easy_strerror)>("curl_easy_strerror"),
      .list_append = library.function<decltype(&curl_slist_append)>("curl_slist_append"),
      .list_free = library.function<decltype(&curl_slist_free_all)>("curl_slist_free_all"),
  };
}

}  // namespace

const CurlLibrary& CurlLibrary::get() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace stator::http

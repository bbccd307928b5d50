#pragma once

#include <curl/curl.h>

namespace stator::http {

/// The functions of libcurl that this program uses, loaded at the first call of `get` (SharedLibrary says why).
struct CurlLibrary {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_setopt) set_option;
  decltype(&curl_easy_getinfo) get_info;
  decltype(&curl_easy_perform) perform;
  decltype(&curl_easy_send) easy_send;
  decltype(&curl_easy_recv) easy_receive;
  decltype(&curl_easy_strerror) error_text;
  decltype(&curl_slist_append) list_append;
  decltype(&curl_slist_free_all) list_free;

  /// Throws std::runtime_error if libcurl cannot be loaded or initialised.
  static const CurlLibrary& get();
};

}  // namespace stator::http

// The upper limit with which the server is compared: Boost.Beast answers every request with the same small body, with
// one I/O context and one listening socket for each core. Usage: bare_responder PORT [THREADS]

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr const char* kBody =
    R"({"Item":{"pk":{"S":"user#0000001"},"sk":{"S":"profile"},"text":{"S":"a hundred bytes or so of item, as small items are"}}})";

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                       if (!error) self->write();
                     });
  }

 private:
  void write() {
    reply_ = {};
    reply_.result(http::status::ok);
    reply_.version(11);
    reply_.set(http::field::content_type, "application/x-amz-json-1.0");
    reply_.body() = kBody;
    reply_.prepare_payload();
    http::async_write(socket_, reply_,
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> reply_;
};

class Listener {
 public:
  Listener(asio::io_context& context, unsigned short port) : acceptor_(context) {
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    const int on = 1;
    ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    acceptor_.bind({asio::ip::address_v4::loopback(), port});
    acceptor_.listen();
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (!error) std::make_shared<Connection>(std::move(socket))->read();
      accept();
    });
  }

  tcp::acceptor acceptor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bare_responder PORT [THREADS]\n", stderr);
    return 1;
  }
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  const unsigned count =
      argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([port] {
      asio::io_context context(1);
      const Listener listener(context, port);
      context.run();
    });
  }
}

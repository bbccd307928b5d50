package isolation

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
)

var address = regexp.MustCompile(`http://[\w.:\[\]-]+:\d+`)

// Server is a `stator serve` process on a free port.
type Server struct {
	URL     string
	process *exec.Cmd
}

// StartServer starts the program with these options and waits until it prints its URL.
func StartServer(binary string, options ...string) (*Server, error) {
	process := exec.Command(binary, append([]string{"serve", "--port", "0"}, options...)...)
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	process.Stderr = process.Stdout
	if err := process.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(output)
	said := ""
	for {
		line, err := lines.ReadString('\n')
		said += line
		if url := address.FindString(line); url != "" {
			go io.Copy(io.Discard, lines)
			return &Server{URL: url, process: process}, nil
		}
		if err != nil {
			process.Wait()
			return nil, fmt.Errorf("the server did not start: %s", said)
		}
	}
}

// Kill sends SIGKILL.
func (server *Server) Kill() {
	server.process.Process.Kill()
	server.process.Wait()
}

// Stop sends SIGTERM; it returns an error unless the server ends well.
func (server *Server) Stop() error {
	server.process.Process.Signal(syscall.SIGTERM)
	return server.process.Wait()
}

// Mortal is a server that is killed and restarted while clients use it.
type Mortal struct {
	binary  string
	options []string
	mutex   sync.Mutex
	server  *Server
}

// NewMortal starts the server.
func NewMortal(binary string, options ...string) (*Mortal, error) {
	server, err := StartServer(binary, options...)
	return &Mortal{binary: binary, options: options, server: server}, err
}

// URL returns the address of the server; it waits while there is no server.
func (mortal *Mortal) URL() string {
	mortal.mutex.Lock()
	defer mortal.mutex.Unlock()
	return mortal.server.URL
}

// KillAndStart kills the server and starts another one on the same directory.
func (mortal *Mortal) KillAndStart() error {
	mortal.mutex.Lock()
	defer mortal.mutex.Unlock()
	mortal.server.Kill()
	server, err := StartServer(mortal.binary, mortal.options...)
	if err != nil {
		return err
	}
	mortal.server = server
	return nil
}

// Stop stops the server.
func (mortal *Mortal) Stop() error { return mortal.server.Stop() }

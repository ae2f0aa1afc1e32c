//go:build unix

package fleet

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// cpuTime returns the CPU time, user and system, that this process has used.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// openFD takes over a file descriptor that the parent process has opened for us.
func openFD(fd int) (*os.File, error) {
	var stat syscall.Stat_t
	err := syscall.Fstat(fd, &stat)
	kind := stat.Mode & syscall.S_IFMT
	// A number that the parent did not open may be k6's own, such as its epoll.
	if err != nil || (kind != syscall.S_IFIFO && kind != syscall.S_IFSOCK && kind != syscall.S_IFREG) {
		return nil, fmt.Errorf("file descriptor %d is not an open pipe, socket or file", fd)
	}
	// A browser that outlives k6 must not hold the pipe open.
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), fmt.Sprintf("fd %d", fd)), nil
}

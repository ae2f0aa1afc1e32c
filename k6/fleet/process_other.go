//go:build !unix

package fleet

import (
	"fmt"
	"os"
	"time"
)

// cpuTime is not known on this system.
func cpuTime() time.Duration { return 0 }

func openFD(fd int) (*os.File, error) {
	return os.NewFile(uintptr(fd), fmt.Sprintf("fd %d", fd)), nil
}

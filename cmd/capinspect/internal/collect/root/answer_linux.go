// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a file may take to be opened and read, and maxSilent how many files
// may take longer before none is read any more. Whoever may listen to a file system decides
// whether an open(2) or a read ends (fanotify(7), FAN_OPEN_PERM), and no mount table shows
// that.
const (
	patience  = time.Second
	maxSilent = 3
)

var (
	errSilent = errors.New("its file system does not answer")
	errOthers = errors.New("it is not read, since others did not answer")
)

// answer returns what f returns of a file that is open with O_PATH, and an error if that
// takes too long. f then goes on alone, and a file that it returns stays open until
// capinspect ends.
func answer[T any](r *Root, at *place, f func(at place) (T, error)) (T, error) {
	node := r.mounts.node
	if r.own || node.patience == 0 {
		return f(*at)
	}
	var none T
	if node.silent == maxSilent {
		return none, errOthers
	}
	its := *at
	var err error
	if its.fd, err = unix.FcntlInt(uintptr(at.fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f(its)
		unix.Close(its.fd) // before the answer, so that none is open after it
		done <- result{value, err}
	}()
	late := time.NewTimer(node.patience)
	defer late.Stop()
	select {
	case got := <-done:
		return got.value, got.err
	case <-late.C:
		node.silent++
		return none, errSilent
	}
}

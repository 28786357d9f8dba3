// SPDX-License-Identifier: Apache-2.0

package root

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// serveVariable tells the test binary to be a FUSE server.
const serveVariable = "CAPINSPECT_TEST_FUSE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	time.AfterFunc(time.Minute, func() { os.Exit(1) })
	serveFUSE(os.NewFile(3, "fuse"))
}

// stoppedFUSE returns how to mount a FUSE file system that has /image, an erofs, and how to
// stop its server: from then on nobody answers, until the server is killed when the test
// ends. The server dies with the test too.
func stoppedFUSE(t *testing.T) (mount func(dir string) error, stop func()) {
	t.Helper()
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(self)
	server.Env = append(os.Environ(), serveVariable+"=1")
	server.ExtraFiles = []*os.File{device}
	server.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	t.Cleanup(func() {
		device.Close()
		if server.Process != nil {
			server.Process.Kill()
			server.Wait()
		}
	})
	mount = func(dir string) error {
		options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", device.Fd())
		if err := unix.Mount("stopped", dir, "fuse", 0, options); err != nil {
			return err
		}
		defer device.Close() // so that only the server has it
		return server.Start()
	}
	stop = func() {
		var status unix.WaitStatus
		if err := server.Process.Signal(unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Wait4(server.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
			t.Fatalf("the FUSE server: %#x, %v", status, err)
		}
	}
	return mount, stop
}

// The requests of FUSE that the server knows (include/uapi/linux/fuse.h).
const (
	fuseLookup      = 1
	fuseForget      = 2
	fuseGetattr     = 3
	fuseOpen        = 14
	fuseRead        = 15
	fuseStatfs      = 17
	fuseRelease     = 18
	fuseInit        = 26
	fuseOpendir     = 27
	fuseReaddir     = 28
	fuseReleasedir  = 29
	fuseInterrupt   = 36
	fuseBatchForget = 42
)

// serveFUSE answers until the file system is unmounted. Nothing that it says may be kept.
func serveFUSE(device io.ReadWriter) {
	image, order := erofs(), binary.NativeEndian
	attributes := func(node uint64) []byte {
		a := make([]byte, 88)
		mode := uint32(unix.S_IFDIR | 0o755)
		if node == 2 {
			mode = unix.S_IFREG | 0o644
			order.PutUint64(a[8:], uint64(len(image)))
		}
		order.PutUint64(a, node)
		order.PutUint32(a[60:], mode)
		order.PutUint32(a[64:], 1)
		return a
	}
	request := make([]byte, 1<<20)
	for {
		n, err := device.Read(request)
		if err != nil {
			return
		}
		body, node, errno := request[40:n], order.Uint64(request[16:]), unix.Errno(0)
		var answer []byte
		switch order.Uint32(request[4:]) {
		case fuseForget, fuseInterrupt, fuseBatchForget:
			continue
		case fuseInit:
			answer = make([]byte, 64)
			order.PutUint32(answer, 7)
			order.PutUint32(answer[4:], 31)
			order.PutUint32(answer[20:], 4096) // max_write
		case fuseLookup:
			if errno = unix.ENOENT; string(body) == "image\x00" {
				answer, errno = make([]byte, 40), 0
				order.PutUint64(answer, 2)
				answer = append(answer, attributes(2)...)
			}
		case fuseGetattr:
			answer = append(make([]byte, 16), attributes(node)...)
		case fuseOpen, fuseOpendir:
			answer = make([]byte, 16)
		case fuseRead:
			from := min(int(order.Uint64(body[8:])), len(image))
			answer = image[from:min(from+int(order.Uint32(body[16:])), len(image))]
		case fuseStatfs:
			answer = make([]byte, 80)
			order.PutUint32(answer[40:], 4096)
			order.PutUint32(answer[44:], 255)
		case fuseReaddir, fuseRelease, fuseReleasedir:
		default:
			errno = unix.ENOSYS
		}
		reply := make([]byte, 16, 16+len(answer))
		order.PutUint32(reply, uint32(16+len(answer)))
		order.PutUint32(reply[4:], uint32(-int32(errno)))
		copy(reply[8:], request[8:16])
		device.Write(append(reply, answer...))
	}
}

// erofs returns an erofs with an empty root directory (fs/erofs/erofs_fs.h).
func erofs() []byte {
	const block, number = 4096, 36 // of the root directory's inode, of 32 bytes each
	image, order := make([]byte, 2*block), binary.LittleEndian
	super := image[1024:]
	order.PutUint32(super, 0xE0F5E1E2)
	super[12] = 12 // log2 of the block size
	order.PutUint16(super[14:], number)
	order.PutUint64(super[16:], 1)
	order.PutUint32(super[36:], 2)
	root := image[number*32:]
	order.PutUint16(root[4:], unix.S_IFDIR|0o755)
	order.PutUint16(root[6:], 2)
	order.PutUint32(root[8:], 27)
	order.PutUint32(root[16:], 1) // its block
	entries := image[block:]
	for i, name := range []string{".", ".."} {
		entry := entries[12*i:]
		order.PutUint64(entry, number)
		order.PutUint16(entry[8:], uint16(24+i))
		entry[10] = 2 // a directory
		copy(entries[24+i:], name)
	}
	return image
}

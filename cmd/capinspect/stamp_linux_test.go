// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestStamp holds that every report says when and where it was made, each line of it too,
// and why it does not know where.
func TestStamp(t *testing.T) {
	need.On(t, "root", "unshare")
	for _, args := range []string{"", "-f /proc/self/status", "ps self", "ps --by container self", "ps self --node named", "ps --by container self --node named"} {
		for _, format := range []string{"json", "jsonl"} {
			for _, name := range []string{"node-1", ""} {
				command := fmt.Sprintf("echo '%s' >/proc/sys/kernel/hostname && exec %s %s -o %s", name, built(t), args, format)
				o := run(t, "unshare", "-u", "sh", "-c", command)
				var got struct {
					Time    time.Time
					Node    *string
					Unknown map[string]string
				}
				if err := json.NewDecoder(strings.NewReader(o.stdout)).Decode(&got); err != nil || o.status != 0 {
					t.Fatalf("%s -o %s: %v, %+v", args, format, err, o)
				}
				if ago := time.Since(got.Time); ago < -time.Second || ago > time.Minute || got.Time.Location() != time.UTC {
					t.Errorf("%s -o %s: at %v", args, format, got.Time)
				}
				switch why := got.Unknown["node"]; {
				case strings.HasSuffix(args, "--node named"):
					if got.Node == nil || *got.Node != "named" || why != "" {
						t.Errorf("%s -o %s: %v, %s", args, format, got.Node, why)
					}
				case name == "" && (got.Node != nil || why != "the hostname is empty"):
					t.Errorf("%s -o %s without a hostname: %v, %s", args, format, got.Node, why)
				case name != "" && (got.Node == nil || *got.Node != name || why != ""):
					t.Errorf("%s -o %s: %v, %s", args, format, got.Node, why)
				}
			}
		}
	}
}

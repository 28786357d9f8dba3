// SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"net/url"
	"path"
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// SARIF is what check finds, in the form that code scanning reads: SARIF 2.1.0 (OASIS), as
// far as it is used here.
type SARIF struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs" lines:"elements,members"`
}

type (
	sarifRun struct {
		Tool        sarifTool         `json:"tool" lines:"members"`
		Invocations []sarifInvocation `json:"invocations,omitempty" lines:"elements,members"`
		Results     []sarifResult     `json:"results" lines:"elements,members"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications" lines:"elements"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver" lines:"members"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules" lines:"elements"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		About   sarifText `json:"shortDescription"`
		Help    sarifText `json:"help"`
		HelpURI string    `json:"helpUri"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// SARIFOf returns what check finds as SARIF. name names what was checked.
func SARIFOf(c *check.Checked, name func(*check.Subject) string) SARIF {
	version, _ := Build()
	driver := sarifDriver{Name: "capinspect", Version: version, InformationURI: "https://github.com/capinspect/capinspect", Rules: []sarifRule{}}
	results := each(c.Findings, func(f check.Finding) sarifResult {
		r := sarifResult{RuleID: f.Code, Level: f.Severity.String(), Message: sarifText{f.Advice()}}
		if f.Err != nil {
			r.Level = check.Warning.String()
		}
		about, address := f.About()
		rule := sarifRule{f.Code, sarifText{about}, sarifText{"See " + address}, address}
		if r.RuleIndex = slices.Index(driver.Rules, rule); r.RuleIndex < 0 {
			r.RuleIndex = len(driver.Rules)
			driver.Rules = append(driver.Rules, rule)
		}
		r.Locations = []sarifLocation{{physicalOf(&f.Subject), []sarifLogical{{name(&f.Subject)}}}}
		return r
	})
	return SARIF{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{sarifTool{driver}, invocations(c.Failures), results}},
	}
}

// invocations tells what could not be read. There are none if there is nothing to tell.
func invocations(failures []error) []sarifInvocation {
	if len(failures) == 0 {
		return nil
	}
	return []sarifInvocation{{false, each(failures, func(err error) sarifNotification {
		n := sarifNotification{Level: check.Error.String(), Message: sarifText{err.Error()}}
		if in, ok := errors.AsType[*task.InputError](err); ok {
			if at := physical(in.Name, in.Line()); at != nil {
				n.Locations = []sarifLocation{{Physical: at}}
			}
		}
		return n
	})}}
}

// physicalOf returns where in which file a finding is, nil if it is in none.
func physicalOf(s *check.Subject) *sarifPhysical {
	if s.Task != nil {
		return nil
	}
	return physical(s.File, s.Line)
}

// physical returns a line of a file, nil for standard input. The line may be 0.
func physical(file string, line int) *sarifPhysical {
	if file == "-" {
		return nil
	}
	uri := url.URL{Path: path.Clean(file)}
	if path.IsAbs(file) {
		uri.Scheme = "file"
	}
	p := &sarifPhysical{Artifact: sarifArtifact{uri.String()}}
	if line > 0 {
		p.Region = &sarifRegion{line}
	}
	return p
}

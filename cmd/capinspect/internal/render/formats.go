// SPDX-License-Identifier: Apache-2.0

package render

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
)

// Form is one format of what a command finds.
type Form[T any] struct {
	Name   string // as -o has it
	append func([]byte, *T, Style) []byte
}

// FormName returns the name of the format.
func (f *Form[T]) FormName() string { return f.Name }

// Append appends what was found to dst.
func (f *Form[T]) Append(dst []byte, found *T) []byte { return f.append(dst, found, Style{}) }

// Styled is Append for what the text is written to.
func (f *Form[T]) Styled(dst []byte, found *T, style Style) []byte {
	return f.append(dst, found, style)
}

// The formats of each command but show. The first one is the default.
var (
	Masks = []*Form[report.Decoded]{
		{"text", text(printMasks)},
		{"json", object(report.FromDecoded)},
		{"matrix", text(printMaskMatrix)},
	}
	Explanations = []*Form[report.Explaining]{
		{"text", text(printExplanations)},
		{"json", object(report.FromExplaining)},
	}
	Profiles = []*Form[report.ListedProfiles]{
		{"text", text(printProfiles)},
		{"json", object(report.FromProfiles)},
	}
	Answers = []*Form[[]*why.Answers]{
		{"text", text(printAnswers)},
		{"json", object(func(list *[]*why.Answers) report.Why { return report.FromAnswers(*list) })},
	}
	Userns = []*Form[[]*userns.Answer]{
		{"text", text(printUserns)},
		{"json", object(func(list *[]*userns.Answer) report.WhyUserns { return report.FromUserns(*list) })},
	}
	Accesses = []*Form[[]*access.Answer]{
		{"text", text(printAccess)},
		{"json", object(func(list *[]*access.Answer) report.WhyAccess { return report.FromAccess(*list) })},
	}
	Checks = []*Form[check.Checked]{
		{"text", wrapped(printChecked)},
		{"json", object(checked)},
		{"sarif", object(sarif)},
		{"github", text(printAnnotations)},
	}
	Differences = []*Form[diff.Difference]{
		{"text", wrapped(printDifference)},
		{"json", object(report.FromDifference)},
		// Two reports alone have a table.
		{"csv", text(func(*printer, *diff.Difference) {})},
		{"markdown", text(func(*printer, *diff.Difference) {})},
	}
	Drifts = []*Form[diff.Drift]{
		{"text", wrapped(printDrift)},
		{"json", object(report.FromDrift)},
		{"csv", text(printDriftNote)},
		{"markdown", text(printDriftNote)},
	}
	Predictions = []*Form[predict.Prediction]{
		{"text", wrapped(printPrediction)},
		{"json", object(report.FromPrediction)},
	}
	Scans = []*Form[predict.Scan]{
		{"text", text(printScan)},
		{"json", object(report.FromScan)},
		// Their table is all there is.
		{"csv", text(func(*printer, *predict.Scan) {})},
		{"markdown", text(func(*printer, *predict.Scan) {})},
	}
	Needs = []*Form[report.Told]{
		{"text", text(printNeeds)},
		{"json", object(report.FromTold)},
		{"yaml", manifests(printManifest)},
		{"docker", manifests(printDocker)},
		{"systemd", manifests(printUnit)},
	}
	SecurityContexts = []*Form[securitycontext.Derived]{
		{"yaml", text(printManifest)},
		{"json", object(report.FromDerived)},
		{"docker", text(printDocker)},
		{"systemd", text(printUnit)},
		{"label", text(printImageLabel)},
	}
)

// text makes the function of a format of one that prints.
func text[T any](print func(*printer, *T)) func([]byte, *T, Style) []byte {
	return func(dst []byte, found *T, _ Style) []byte {
		p := printer{buf: dst}
		print(&p, found)
		return p.buf
	}
}

// wrapped is text for what is wrapped and coloured on a terminal.
func wrapped[T any](print func(*printer, *T)) func([]byte, *T, Style) []byte {
	return func(dst []byte, found *T, style Style) []byte {
		p := printer{style: style}
		print(&p, found)
		return append(dst, style.Wrap(p.buf)...)
	}
}

// manifests makes the function of a format of one that prints what a manifest has to say.
func manifests(print func(*printer, *securitycontext.Derived)) func([]byte, *report.Told, Style) []byte {
	return text(func(p *printer, t *report.Told) { print(p, t.Derived()) })
}

// object makes the function of a format of one that returns a struct of package report.
func object[T, U any](from func(*T) U) func([]byte, *T, Style) []byte {
	return func(dst []byte, found *T, _ Style) []byte {
		return append(dst, must(layout.Marshal(from(found), true))...)
	}
}

// must returns JSON. There is an error only if a struct of package report has a field that
// JSON cannot express, whatever its value.
func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

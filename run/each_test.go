package run

import (
	"strings"
	"testing"
)

// What is wrong with a number of samples of every class is said in words.
func TestEachClassIsRefusedInWords(t *testing.T) {
	some := Data{Classes: []string{"a", "b"}}
	for _, test := range []struct {
		d    Data
		r    Request
		want string
	}{
		{some, Request{EachClass: -1}, "each class: found -1, expected at least 1"},
		{Data{}, Request{EachClass: 8}, "the run has no classes; n (-n)"},
		{some, Request{EachClass: 8, Class: "a"}, `beside the class "a"`},
		{some, Request{EachClass: 8, Labels: []int{1}}, "beside 1 labels"},
	} {
		m := &Model{Manifest: Manifest{Data: test.d}}
		if _, err := m.Each(test.r, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: found error %v, expected %q", test.r, err, test.want)
		}
	}
	if err := some.CheckEachClass(Request{EachClass: 8}); err != nil {
		t.Error(err)
	}
}

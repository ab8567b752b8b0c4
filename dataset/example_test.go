package dataset_test

import (
	"fmt"
	"os"
	"strings"

	"drift"
	"drift/dataset"
)

// A toy is opened by its name, held out from in part, and standardised.
func ExampleOpen() {
	set, err := dataset.Open("moons", dataset.Options{N: 1000, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	train, held, err := set.Split(0.1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	scale, err := dataset.Fit(train)
	if err != nil {
		fmt.Println(err)
		return
	}
	z := scale.Standardise(train.X.Batch())
	fmt.Println(train.X.N, held.X.N, z.Shape, set.Classes)
	// Output: 900 100 [2] [upper lower]
}

// A name that nothing goes by gets an answer that helps.
func ExampleOpen_misspelt() {
	_, err := dataset.Open("swisroll", dataset.Options{})
	fmt.Println(err)
	// Output:
	// data set: found "swisroll" (did you mean swissroll?), expected one of dogcat, moons, swissroll, rings, checkerboard, spiral, pinwheel, digits, mnist, fashion-mnist, cifar10, or a path to a CSV file or to pictures
}

// The column that holds text is the class.
func ExampleReadCSV() {
	file := strings.NewReader("height,weight,animal\n60,30,dog\n25,4,cat\n55,28,dog\n")
	set, err := dataset.ReadCSV(file, "pets.csv", dataset.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Name, set.Columns, set.Classes)
	fmt.Println(set.X.Row(1), set.Labels)
	// Output:
	// pets.csv [height weight] [cat dog]
	// [25 4] [1 0 1]
}

func ExampleWriteCSV() {
	x := &drift.Batch{Data: []float64{60, 30.5, 25, 4}, N: 2, Shape: []int{2}}
	err := dataset.WriteCSV(os.Stdout, x, []string{"height", "weight"}, []int{1, 0}, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// height,weight,class
	// 60,30.5,dog
	// 25,4,cat
}

// A picture is changed at random, and the labels tell the network how.
func ExampleAugment() {
	picture := []float64{1, 2, 3, 4} // of shape [2, 2, 1]
	label := make([]float64, dataset.AugmentLabels)
	change := dataset.Augment(label, []int{2, 2, 1}, 0, drift.Rand(1, "augment", 3))
	change(picture)
	fmt.Println(picture, label)
	// Output: [2 1 4 3] [1 0 0 0 0 0 0 0 0]
}

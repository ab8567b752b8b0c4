package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drift/internal/fetch"
)

// remote is a data set that others publish and Get brings.
type remote struct {
	Info
	files   []fetch.File
	classes []string // of labels that are numbers; nil for the numbers themselves
	train   string   // the file to open to learn from, or "" for the folder
	test    string   // the file to open as NAME-test
	unpack  []string // files within the only one, a tar archive, that are kept in its place
}

var mnistMirrors = []string{"https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"}

var fashionMirrors = []string{"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"}

// remotes are the data sets that Get knows. Sums of MNIST and Fashion-MNIST are of
// the unpacked files.
var remotes = []remote{
	{
		Info: Info{"mnist", "60,000 handwritten digits of 28×28 grey pixels, ten classes; mnist-test has 10,000 more", "LeCun, Cortes & Burges 1998; after `drift data get mnist`"},
		files: idxFiles(mnistMirrors, [4]int64{9912422, 28881, 1648877, 4542}, [4]string{
			"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
			"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
		}),
		train: idxNames[0], test: idxNames[2],
	},
	{
		Info: Info{"fashion-mnist", "60,000 pictures of clothes, 28×28 grey pixels, ten classes; fashion-mnist-test has 10,000 more", "Xiao, Rasul & Vollgraf 2017, MIT; after `drift data get fashion-mnist`"},
		files: idxFiles(fashionMirrors, [4]int64{26421880, 29515, 4422102, 5148}, [4]string{
			"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
			"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
		}),
		classes: []string{"T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"},
		train:   idxNames[0], test: idxNames[2],
	},
	{
		Info: Info{"cifar10", "50,000 photographs of 32×32 pixels in colour, ten classes; cifar10-test has 10,000 more", "Krizhevsky 2009; after `drift data get cifar10`"},
		files: []fetch.File{{
			Name: "cifar-10-binary.tar.gz", Bytes: 170052171, SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
			URLs: []string{"https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"},
		}},
		test:   "test_batch.bin",
		unpack: []string{"batches.meta.txt", "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"},
	},
}

// idxNames are the files of MNIST and of what has its form.
var idxNames = [4]string{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"}

func idxFiles(mirrors []string, bytes [4]int64, sums [4]string) (files []fetch.File) {
	for i, name := range idxNames {
		f := fetch.File{Name: name, SHA256: sums[i], Packed: true, Bytes: bytes[i]}
		for _, url := range mirrors {
			f.URLs = append(f.URLs, url+name)
		}
		files = append(files, f)
	}
	return files
}

// Root is the folder where Get puts data sets and Open looks for them: $DRIFT_DATA,
// or drift in the user's folder for caches.
func Root() (string, error) {
	if dir := os.Getenv("DRIFT_DATA"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data sets: found no folder for them, expected DRIFT_DATA to name one: %w", err)
	}
	return filepath.Join(dir, "drift"), nil
}

// remoteNamed finds a data set by its name, or that of its test part.
func remoteNamed(name string) (r remote, test, known bool) {
	base, test := strings.CutSuffix(name, "-test")
	i := slices.IndexFunc(remotes, func(r remote) bool { return r.Name == base })
	if i < 0 {
		return remote{}, false, false
	}
	return remotes[i], test, true
}

// open opens a set that was brought already.
func (r remote) open(test bool, o Options) (*Set, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	name, file := r.Name, r.train
	if test {
		name, file = r.Name+"-test", r.test
	}
	dir := filepath.Join(root, r.Name)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("data set %s: found none in %s, expected it there: run `drift data get %s`, or with --from PATH where you have its files", name, dir, r.Name)
	}
	f, err := o.format()
	if err != nil {
		return nil, err
	}
	f.names = r.classes
	path := filepath.Join(dir, file)
	read := readFolder
	if file != "" {
		if read = readerOf(path); read == nil {
			return nil, fmt.Errorf("%s: found no file of pictures: remove %s and run `drift data get %s` again", path, dir, r.Name)
		}
	}
	s, err := read(path, o, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.Name, s.Notes = name, nil
	return s, nil
}

// Package clouds lets a program keep models in a cloud's bucket: who imports it can open s3://, gs:// and azblob:// besides a folder. It is apart
// from package model since it makes a program 50 MB larger, and a laptop needs none of it.
package clouds

import (
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

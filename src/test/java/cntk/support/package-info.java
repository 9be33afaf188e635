/** What the tests of several packages share: golden files and the images they are about. */
@NullMarked
package cntk.support;

import org.jspecify.annotations.NullMarked;

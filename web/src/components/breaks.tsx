/** Text in which a line breaks after the slash of a path, rather than within a name. Of a very long one a few lines are seen. */

import { Fragment } from "react";

/** Characters beyond which a text is cut after a few lines. */
const LONG = 400;

export function Breaks({ text }: { readonly text: string }) {
  if (text.length <= LONG) return broken(text);
  return (
    <span className="long-text" title={text}>
      {broken(text)}
    </span>
  );
}

function broken(text: string) {
  return text.split(/(?<=\/)/).map((part, place) => (
    // biome-ignore lint: parts of a text have no other name than their place
    <Fragment key={place}>
      {place > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

/** Text in which a line breaks after the slash of a path, rather than within a name. */

import { Fragment } from "react";

export function Breaks({ text }: { readonly text: string }) {
  return text.split(/(?<=\/)/).map((part, place) => (
    // biome-ignore lint: parts of a text have no other name than their place
    <Fragment key={place}>
      {place > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

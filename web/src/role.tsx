/** Whether this browser's token may change anything; with the other one, and until it is known, nothing is offered that would be refused. */

import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { overview } from "./api/queries";

const MayContext = createContext(false);

/** Asked once for the whole page: a long list has hundreds of buttons. */
export function MayProvider({ children }: { readonly children: ReactNode }) {
  const may = useQuery({ ...overview, select: (known) => known.role !== "read" }).data ?? false;
  return <MayContext value={may}>{children}</MayContext>;
}

export function useMay(): boolean {
  return useContext(MayContext);
}

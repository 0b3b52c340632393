/** Whether this browser's token may change anything; with the other one, nothing is offered that would be refused. */

import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { overview } from "./api/queries";

const MayContext = createContext(true);

/** Asked once for the whole page: a long list has hundreds of buttons. */
export function MayProvider({ children }: { readonly children: ReactNode }) {
  const may = useQuery({ ...overview, select: (known) => known.role !== "read" }).data ?? true;
  return <MayContext value={may}>{children}</MayContext>;
}

export function useMay(): boolean {
  return useContext(MayContext);
}

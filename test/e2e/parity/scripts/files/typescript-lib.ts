export interface Weight {
  of: number;
}
export const weigh = ({ of }: Weight): number => of;
